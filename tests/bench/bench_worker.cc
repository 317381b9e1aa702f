// dray-worker with transfers that do nothing: all of the real worker but rclone.
//
//   bench-worker --config FILE
#include "broker/bus.h"
#include "daemon/base/daemon_main.h"
#include "workers/service.h"
#include "workers/start_up.h"

namespace dray::bench {
namespace {

// Ends every attempt in the turn after the one in which it was started.
class NoTransfer : public worker::Executor {
 public:
  explicit NoTransfer(DaemonContext& context) : context_(context) {}
  void listen(worker::ExecutorEvents events) override { events_ = std::move(events); }
  void start(const worker::StartAttempt& attempt) override {
    AttemptResult result;
    result.token = attempt.token;
    result.outcome = Outcome::succeeded;
    result.exit_code = 0;
    result.rclone_version = "none";
    result.started_at = result.ended_at = context_.clock.now().wall;
    if (results_.empty()) context_.loop.post([this] { end_all(); });
    results_.push_back(std::move(result));
  }
  void extend(const Token&, Instant) override {}
  void stop(const Token&, worker::StopReason, const std::string&) override {}
  void upload(UploadChunk, uint64_t) override {}
  void probe(const Probe&, std::function<void(ProbeResult)> done) override { done({}); }
  LogChunk read_log(const LogRead&) override { return {}; }

 private:
  void end_all() {
    for (AttemptResult& result : std::exchange(results_, {})) {
      events_.running(result.token);
      events_.ended(std::move(result));
    }
  }
  DaemonContext& context_;
  worker::ExecutorEvents events_;
  std::vector<AttemptResult> results_;
};

Status run(DaemonContext& context) {
  const Config::Worker& config = context.config.worker;
  worker::ResultSpool spool(config.spool_dir);
  std::vector<std::string> problems;
  DRAY_TRY_ASSIGN(std::vector<AttemptResult> spooled, spool.open(problems));
  DRAY_TRY_ASSIGN(const uint64_t epoch,
                  worker::next_epoch(config.spool_dir, context.clock.now().wall));
  DRAY_TRY_ASSIGN(BusOptions options, worker::bus_options(context.config, epoch));
  DRAY_TRY_ASSIGN(const std::unique_ptr<Bus> bus, Bus::open(context.loop, std::move(options)));
  DRAY_TRY_ASSIGN(const SealingKeyPair keys, worker::load_or_create_key(config.key_file));
  const auto& key = keys.public_key.bytes;
  NoTransfer transfers(context);
  worker::WorkerService service(context.loop, context.clock, *bus, transfers, spool,
                                {.name = config.name,
                                 .epoch = epoch,
                                 .boot_id = worker::boot_id(),
                                 .version = DRAY_VERSION,
                                 .rclone_version = "none",
                                 .slots = config.slots,
                                 .public_key = std::string(key.begin(), key.end())},
                                std::move(spooled),
                                [&context](const std::string&) { context.loop.stop(); });
  return context.serve();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  return dray::daemon_main(argc, argv,
                           {"bench-worker", "A worker that transfers nothing.", dray::bench::run});
}
