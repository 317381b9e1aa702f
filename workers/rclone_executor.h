// Carries attempts out with rclone: one guarded process tree, private directory and log each.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "workers/attempt_run.h"
#include "workers/executor.h"
#include "workers/rclone_probe.h"

namespace dray::worker {

class RcloneExecutor final : public Executor {
 public:
  // `logs` and what the context refers to outlive this.
  RcloneExecutor(RunContext context, const LogStore& logs);
  ~RcloneExecutor() override;  // kills what still runs

  void listen(ExecutorEvents events) override;
  void start(const StartAttempt& attempt) override;
  void extend(const Token& token, Instant kill_at) override;
  void stop(const Token& token, StopReason reason, const std::string& detail) override;
  void set_bandwidth(const Token& token, uint64_t bytes_per_second) override;
  void upload(UploadChunk chunk, uint64_t id) override;
  void probe(const Probe& probe, std::function<void(ProbeResult)> done) override;
  LogChunk read_log(const LogRead& question) override;

  // For what is stopped from now on.
  void set_stop_grace(Duration grace) { context_.stop_grace = grace; }

  // More listings at once are refused.
  static constexpr size_t kMaxProbes = 8;

 private:
  void ended(AttemptResult result);
  void clean_up(const Token& token);
  void pack();

  RunContext context_;
  const LogStore& logs_;
  ExecutorEvents listener_;    // the service's
  ExecutorEvents run_events_;  // what runs call
  std::map<Token, std::unique_ptr<AttemptRun>> runs_;
  std::map<uint64_t, std::unique_ptr<RcloneProbe>> probes_;
  uint64_t next_probe_ = 1;
  std::deque<PackJob> packing_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dray::worker
