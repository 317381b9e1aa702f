// What all attempts of this worker share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "schemas/limits.h"
#include "workers/child_process.h"
#include "workers/log_store.h"
#include "workers/rclone_version.h"

namespace dray::worker {

// Everything referred to outlives the attempts.
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

}  // namespace dray::worker
