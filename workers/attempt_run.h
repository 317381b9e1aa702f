// One attempt: its directory, its log, its steps one after the other, and how it ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workers/executor.h"
#include "workers/run_context.h"
#include "workers/run_log.h"
#include "workers/run_plan.h"

namespace dray::worker {

class AttemptRun {
 public:
  // `planner` makes the steps once everything is prepared.
  using Planner = std::function<std::vector<PlannedStep>(AttemptState&)>;
  AttemptRun(const RunContext& context, const StartAttempt& attempt, ExecutorEvents& events,
             Planner planner = plan_steps);
  ~AttemptRun();  // kills what still runs
  AttemptRun(const AttemptRun&) = delete;
  AttemptRun& operator=(const AttemptRun&) = delete;

  // Prepares and begins the first step; `ended` may be called within.
  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);
  // Only with RunSpec::live_bandwidth.
  void set_bandwidth(uint64_t bytes_per_second);
  // A chunk of the file that this attempt receives.
  void upload(UploadChunk chunk, uint64_t id);

  const RunLog* log() const;
  // After the end: for packing.
  std::unique_ptr<RunLog> take_log();
  const std::string& directory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
