// dray-broker: carries messages between drayd, workers, operators and the notifier.
#include "broker/service.h"
#include "daemon/base/daemon_main.h"
#include "daemon/base/log.h"

namespace {

dray::Status run_broker(dray::DaemonContext& context) {
  auto service = dray::BrokerService::open(context.loop, context.config);
  if (!service) return std::unexpected(std::move(service.error()));
  (*service)->on_fatal([&](dray::Error error) { context.fail_with(std::move(error)); });
  context.on_reload = [&](const dray::ConfigDiff&) { (*service)->reload_keys(); };
  dray::log_info("broker.ready", "listening in {}", dray::ipc_endpoints(context.config).dir);
  return context.serve();
}

}  // namespace

int main(int argc, char** argv) {
  return dray::daemon_main(
      argc, argv,
      {"dray-broker", "Carries messages between drayd, workers and operators.", run_broker});
}
