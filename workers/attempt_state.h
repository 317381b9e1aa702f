// What the steps of one attempt share. Owned by the attempt; steps read and add to it.
#pragma once

#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "schemas/job_policy.h"
#include "schemas/messages.h"
#include "schemas/report.h"
#include "schemas/run_task.h"
#include "workers/progress.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"
#include "workers/run_context.h"
#include "workers/run_log.h"
#include "workers/step.h"

namespace dray::worker {

struct AttemptState {
  AttemptState(const RunContext& context, StepHost& host, const StartAttempt& attempt);
  AttemptState(const AttemptState&) = delete;
  AttemptState& operator=(const AttemptState&) = delete;

  const RunContext& context;
  StepHost& host;
  Token token;
  RunSpec spec;
  JobPolicy policy;
  RunTask task;
  RunPaths paths;
  RcloneConfig config;  // minted names; its text is gone once it is on disk
  Instant kill_at{};
  std::unique_ptr<RunLog> log;

  AttemptReport report;
  // Counts of the transfer, as people see them.
  uint64_t bytes = 0;
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;

  // A line of ours in the run's log, in rclone's JSON form.
  void note(std::string_view level, std::string_view text);
};

}  // namespace dray::worker
