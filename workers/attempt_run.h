// One attempt: its directory, its log, its steps one after the other, and how it ended.
#pragma once

#include <memory>
#include <string>

#include "workers/executor.h"
#include "workers/run_context.h"
#include "workers/run_log.h"

namespace dray::worker {

class AttemptRun {
 public:
  AttemptRun(const RunContext& context, const StartAttempt& attempt, ExecutorEvents& events);
  ~AttemptRun();  // kills what still runs
  AttemptRun(const AttemptRun&) = delete;
  AttemptRun& operator=(const AttemptRun&) = delete;

  // Prepares and begins the first step; `ended` may be called within.
  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);

  const RunLog* log() const;
  // After the end: for packing.
  std::unique_ptr<RunLog> take_log();
  const std::string& directory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
