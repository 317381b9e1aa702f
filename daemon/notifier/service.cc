#include "daemon/notifier/service.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/notifier/metrics_report.h"
#include "daemon/notifier/service_impl.h"
#include "daemon/notifier/setup_link.h"

namespace dray {

using namespace notifier;

namespace {

notify::NotificationOptions notification_options(const Config& config) {
  notify::NotificationOptions options;
  options.database = config.notifier.database;
  options.key_file = config.notifier.key_file;
  options.public_url = config.notifier.public_url;
  options.allow_addresses = config.notifier.allow_addresses;
  options.host = config.notifier.mail_host;
  options.digest_window = config.notifier.digest_window;
  options.retry.first = config.notifier.retry_first;
  return options;
}

}  // namespace

NotifierService::Impl::Impl(DaemonContext& context_in, std::unique_ptr<Bus> bus_in)
    : context(context_in),
      bus(std::move(bus_in)),
      database(context.config.scheduler.database),
      verbs(*bus),
      access(context.config.notifier, database, verbs, context.clock),
      gate(context.config.notifier.hosts, context.config.notifier.public_url),
      router(all_route_tables()),
      api{context.config, context.loop, context.clock, *bus,    database, verbs, access, gate,
          router,         metrics,      files,         uploads, {},       {},    {}},
      use_timer(context.loop),
      setup_timer(context.loop),
      stop_timer(context.loop) {
  api.live = std::make_shared<LiveHub>(api);
  api.metrics_text = [this](const Identity& who) {
    const MetricsSources sources{database, verbs, metrics, *server, *notifications, *api.live};
    return metrics_report(sources, who);
  };
  api.connections = [this](const Identity& who) {
    return server->connections(who.client, kMaxShownConnections);
  };
}

void NotifierService::Impl::load_page() {
  Result<StaticFiles> loaded = StaticFiles::load(context.config.notifier.web_dir);
  if (loaded) {
    files = std::move(*loaded);
    return;
  }
  log_warn("page.missing", "there is no page, only the API: {}", loaded.error().message);
}

void NotifierService::Impl::listen_to_bus() {
  bus->on_message([this](const Incoming& incoming) {
    if (!notifications->message(incoming)) uploads->on_message(incoming);
  });
  bus->on_link([this](const LinkState& link) {
    notifications->link_changed(link);
    if (!link.scheduler_up) return;
    uploads->on_link_back();
    api.live->on_link_back();
  });
  bus->subscribe("e", [this](std::string_view, const Envelope& envelope) {
    const auto event = envelope.decode<EventMessage>();
    if (!event) return;
    notifications->event(*event);
    api.live->on_event(*event);
  });
  bus->subscribe("p", [this](std::string_view, const Envelope& envelope) {
    if (const auto progress = envelope.decode<RunProgress>()) api.live->on_progress(*progress);
  });
  api.live->start();
}

ConnectionOptions NotifierService::Impl::connection_options() {
  ConnectionOptions options;
  options.handle = [this](Exchange& exchange, HttpRequest& request) {
    return handle_request(api, exchange, request);
  };
  options.streams_body = [this](const HttpRequest& request) {
    return reads_body_itself(api, request);
  };
  return options;
}

Status NotifierService::Impl::begin() {
  load_page();
  DRAY_TRY_ASSIGN(notifications, notify::Notifications::open(context.loop, *bus,
                                                             notification_options(context.config)));
  listen_to_bus();
  server =
      std::make_unique<HttpServer>(context.loop, context.config.notifier, connection_options());
  DRAY_TRY(server->listen());
  for (const std::string& address : server->addresses())
    log_info({"http.listening", {{"address", address}}}, "listening on {}", address);
  DRAY_TRY(write_file_atomic(address_file(context.config),
                             page_address(context.config.notifier, server->addresses()) + "\n"));
  use_timer.start_repeating(kReportUse, [this] { report_use(); });
  announce();
  return {};
}

void NotifierService::Impl::report_use() {
  boost::asio::co_spawn(context.loop.context(), access.report_use(), boost::asio::detached);
}

// The database may come later than we do, and somebody may be made by the command line meanwhile.
void NotifierService::Impl::announce() {
  const Result<bool> needed = access.needs_setup();
  setup_timer.start_once(needed ? kSetupCheck : kDatabaseCheck, [this] { announce(); });
  if (!needed) return;
  if (!*needed) return set_up_done();
  if (!announced.empty()) return;
  const std::string link =
      setup_link(context.config.notifier, server->addresses(), access.setup_token());
  announced = setup_link_file(context.config);
  log_info("setup.link", "nobody can log in yet; make the first user here: {}", link);
  if (const Status written = write_file_atomic(announced, link + "\n"); !written)
    log_warn("setup.link", "{}", written.error().message);
}

void NotifierService::Impl::set_up_done() {
  setup_timer.cancel();
  ::unlink(setup_link_file(context.config).c_str());
}

void NotifierService::Impl::stop_when_idle(Instant give_up) {
  if (server->counters().open == 0 || context.clock.now().mono >= give_up)
    return context.loop.stop();
  stop_timer.start_once(kStopCheck, [this, give_up] { stop_when_idle(give_up); });
}

NotifierService::NotifierService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NotifierService::~NotifierService() = default;

Result<std::unique_ptr<NotifierService>> NotifierService::open(DaemonContext& context) {
  DRAY_TRY(ensure_private_dir(parent_dir(setup_link_file(context.config))));
  BusOptions options;
  options.role = Role::notifier;
  options.name = "dray-notifier";
  options.version = DRAY_VERSION;
  const IpcEndpoints ipc = ipc_endpoints(context.config);
  options.endpoint = ipc.notifier;
  options.events_endpoint = ipc.notifier_events;
  DRAY_TRY_ASSIGN(std::unique_ptr<Bus> bus, Bus::open(context.loop, std::move(options)));
  auto impl = std::make_unique<Impl>(context, std::move(bus));
  DRAY_TRY(impl->begin());
  return std::unique_ptr<NotifierService>(new NotifierService(std::move(impl)));
}

void NotifierService::stop() {
  impl_->setup_timer.cancel();
  impl_->use_timer.cancel();
  impl_->api.live->stop();
  impl_->server->stop();
  impl_->stop_when_idle(impl_->context.clock.now().mono + Impl::kStopPatience);
}

void NotifierService::reload() {
  if (const Status read = impl_->server->reload_certificate(); !read)
    log_error("tls.reload", "the old certificate stays: {}", read.error().message);
  impl_->load_page();
}

}  // namespace dray
