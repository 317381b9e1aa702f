// dray-notifier: shows and tells. Serves the page and the API, publishes what happens, sends mails.
#include "daemon/base/daemon_main.h"
#include "daemon/notifier/service.h"

namespace {

dray::Status run_notifier(dray::DaemonContext& context) {
  auto service = dray::NotifierService::open(context);
  if (!service) return std::unexpected(std::move(service.error()));
  context.begin_stop = [&] { (*service)->stop(); };
  context.on_reload = [&](const dray::ConfigDiff&) { (*service)->reload(); };
  return context.serve();
}

}  // namespace

int main(int argc, char** argv) {
  return dray::daemon_main(
      argc, argv,
      {"dray-notifier", "Serves the page and the API, and tells of what happens.", run_notifier});
}
