// dray-worker: takes runs from the scheduler and drives rclone.
#include "broker/bus.h"
#include "daemon/base/daemon_main.h"
#include "daemon/base/log.h"
#include "workers/log_store.h"
#include "workers/rclone_executor.h"
#include "workers/sandbox_probe.h"
#include "workers/service.h"
#include "workers/start_up.h"

namespace dray {
namespace {

constexpr Duration kLogCleanPeriod = hours{6};

Status run_worker(DaemonContext& context) {
  const Config::Worker& config = context.config.worker;
  worker::ProcessFamily family;
  DRAY_TRY_ASSIGN(const std::string guard, worker::find_guard());
  DRAY_TRY_ASSIGN(const worker::OwnDirectories own, worker::claim_directories(config));
  DRAY_TRY_ASSIGN(const SealingKeyPair keys, worker::load_or_create_key(config.key_file));
  worker::LoginKeeper logins(context.loop, keys, config.spool_dir + "/logins");
  DRAY_TRY(worker::restore_logins(logins, config));
  DRAY_TRY_ASSIGN(const worker::RcloneFound rclone,
                  worker::find_rclone(context.loop, family, config.rclone, guard, config.work_dir));
  worker::LogStore logs(config.log_dir, config.log_max_size);
  DRAY_TRY(logs.open());
  worker::ResultSpool spool(config.spool_dir);
  std::vector<std::string> problems;
  DRAY_TRY_ASSIGN(std::vector<AttemptResult> spooled, spool.open(problems));
  for (const std::string& problem : problems)
    log_error("spool.damaged", "results are lost: {}", problem);
  DRAY_TRY_ASSIGN(const uint64_t epoch,
                  worker::next_epoch(config.spool_dir, context.clock.now().wall));

  const worker::SandboxTools sandbox =
      worker::find_sandbox(context.loop, family, guard, rclone.path, config.work_dir);
  if (!sandbox.works())
    log_warn("sandbox.none", "transfers cannot be confined here: {}", sandbox.why_not);
  worker::RunContext run_context = worker::run_context(
      {context.loop, context.clock, family, logs, keys, sandbox, &logins}, config, rclone, guard);
  DRAY_TRY_ASSIGN(run_context.phases, worker::load_progress_config(config));
  worker::RcloneExecutor executor(run_context, logs);
  worker::QueryBoard queries(run_context);
  DRAY_TRY_ASSIGN(BusOptions bus_options, worker::bus_options(context.config, epoch));
  DRAY_TRY_ASSIGN(const std::unique_ptr<Bus> bus, Bus::open(context.loop, std::move(bus_options)));
  worker::WorkerService service(
      context.loop, context.clock, *bus, executor, spool,
      worker::core_options(config, keys, rclone, epoch), std::move(spooled),
      [&context](const std::string& why) {
        if (why.empty()) return context.loop.stop();
        context.fail_with({ErrorCode::denied, "the scheduler refuses this worker: " + why});
      });
  service.answer_queries(queries);
  service.keep_logins(logins);
  context.begin_stop = [&] { service.drain(config.drain_timeout); };
  context.on_reload = [&](const ConfigDiff&) {
    executor.set_stop_grace(context.config.worker.stop_grace);
    logs.set_max_bytes(context.config.worker.log_max_size);
  };
  const auto clean = [&] {
    worker::clean_logs(logs, config.log_keep_days, context.clock.now().wall);
  };
  clean();
  Timer cleaning(context.loop);
  cleaning.start_repeating(kLogCleanPeriod, clean);
  log_info({"worker.started", {{"epoch", epoch}, {"slots", config.slots}}},
           "worker {} with {} slots, rclone {}", config.name, config.slots, rclone.version);
  return context.serve();
}

}  // namespace
}  // namespace dray

int main(int argc, char** argv) {
  return dray::daemon_main(argc, argv,
                           {"dray-worker", "Runs transfers with rclone.", dray::run_worker});
}
