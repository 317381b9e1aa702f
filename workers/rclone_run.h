// One attempt with rclone: its directory, its process, its log, and how it ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"
#include "workers/child_process.h"
#include "workers/executor.h"
#include "workers/log_store.h"
#include "workers/rclone_version.h"
#include "workers/run_machine.h"

namespace dray::worker {

// What all attempts share. Everything outlives them.
struct RunContext {
  EventLoop& loop;
  const Clock& clock;
  ProcessFamily& family;
  const LogStore& logs;
  const SealingKeyPair& keys;
  std::string rclone;  // absolute path
  std::string guard;
  std::string work_dir;
  std::vector<std::string> local_roots;
  std::vector<std::string> allow_flags;
  std::optional<RcloneVersion> version;
  std::string version_text;
  Duration stop_grace = limits::kStopGrace;
};

class RcloneRun {
 public:
  RcloneRun(const RunContext& context, const StartAttempt& attempt, ExecutorEvents& events);
  ~RcloneRun();  // kills what still runs
  RcloneRun(const RcloneRun&) = delete;
  RcloneRun& operator=(const RcloneRun&) = delete;

  // Prepares and spawns; `ended` may be called within.
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
