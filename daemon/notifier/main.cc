// dray-notifier: shows and tells.
#include "broker/bus.h"
#include "daemon/base/daemon_main.h"
#include "daemon/notifier/notifications.h"

namespace {

using dray::notify::Notifications;

dray::notify::NotificationOptions notification_options(const dray::Config& config) {
  dray::notify::NotificationOptions options;
  options.database = config.notifier.database;
  options.key_file = config.notifier.key_file;
  options.public_url = config.notifier.public_url;
  options.allow_addresses = config.notifier.allow_addresses;
  options.host = config.notifier.mail_host;
  options.digest_window = config.notifier.digest_window;
  options.retry.first = config.notifier.retry_first;
  return options;
}

dray::Status run_notifier(dray::DaemonContext& context) {
  const dray::IpcEndpoints ipc = dray::ipc_endpoints(context.config);
  dray::BusOptions options;
  options.role = dray::Role::notifier;
  options.name = "notifier";
  options.version = DRAY_VERSION;
  options.endpoint = ipc.notifier;
  options.events_endpoint = ipc.notifier_events;
  auto bus = dray::Bus::open(context.loop, std::move(options));
  if (!bus) return std::unexpected(std::move(bus.error()));
  auto opened = Notifications::open(context.loop, **bus, notification_options(context.config));
  if (!opened) return std::unexpected(std::move(opened.error()));
  Notifications& notifications = **opened;
  (*bus)->on_link([&](const dray::LinkState& link) { notifications.link_changed(link); });
  (*bus)->on_message([&](const dray::Incoming& incoming) { notifications.message(incoming); });
  (*bus)->subscribe("e", [&](std::string_view, const dray::Envelope& envelope) {
    if (const auto event = envelope.decode<dray::EventMessage>()) notifications.event(*event);
  });
  return context.serve();
}

}  // namespace

int main(int argc, char** argv) {
  return dray::daemon_main(argc, argv,
                           {"dray-notifier", "Tells people what became of backups.", run_notifier});
}
