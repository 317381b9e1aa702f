// What the steps of one attempt share. Owned by the attempt; steps read and add to it.
#pragma once

#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "schemas/job_policy.h"
#include "schemas/messages.h"
#include "schemas/report.h"
#include "schemas/run_task.h"
#include "workers/path_set.h"
#include "workers/progress.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"
#include "workers/rclone_control.h"
#include "workers/run_context.h"
#include "workers/run_log.h"
#include "workers/sandbox.h"
#include "workers/step.h"
#include "workers/upload_work.h"
#include "workers/version_places.h"

namespace dray::worker {

struct RestorePlan;
struct ArchiveRun;

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
  RcloneConfig config;    // minted names; its text is gone once it is on disk
  bool confined = false;  // its processes live in a sandbox
  SandboxView sandbox;
  VersionPlaces places;    // of the state that is written or read
  std::string restore_to;  // kind restore, unless it is a drill: minted
  Instant kill_at{};
  WallTime started{};
  std::unique_ptr<RunLog> log;
  // Of runs whose limit changes while they run; process_runner.cc puts its flags() on every
  // rclone's command line. Null: no remote control.
  std::unique_ptr<RcloneControl> control;
  std::shared_ptr<ArchiveRun> archive;  // of an archive's steps: archive_run.h

  Outcome outcome = Outcome::none;  // so far; none: no step has ended
  UploadWork upload;                // kind = upload

  AttemptReport report;
  std::unique_ptr<PathSet> source_before;  // as the guard listed it; none: it did not
  std::shared_ptr<RestorePlan> restore;    // kind restore: once it is known

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
