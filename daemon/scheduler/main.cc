// drayd: decides which run starts when and where, and keeps the truth about all of them.
#include "daemon/base/daemon_main.h"
#include "daemon/scheduler/service.h"

namespace {

dray::Status run_scheduler(dray::DaemonContext& context) {
  auto service = dray::SchedulerService::open(context);
  if (!service) return std::unexpected(std::move(service.error()));
  context.begin_stop = [&] { (*service)->stop(); };
  context.on_reload = [&](const dray::ConfigDiff&) { (*service)->reload(); };
  return context.serve();
}

}  // namespace

int main(int argc, char** argv) {
  return dray::daemon_main(argc, argv,
                           {"drayd", "Decides which backup runs when and where.", run_scheduler});
}
