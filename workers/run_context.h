// What all attempts of this worker share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "schemas/limits.h"
#include "schemas/progress_config.h"
#include "schemas/rclone_backends.h"
#include "workers/child_process.h"
#include "workers/log_store.h"
#include "workers/rclone_version.h"
#include "workers/run_cgroup.h"
#include "workers/sandbox.h"

namespace dray::worker {

class LoginKeeper;

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
  const RcloneBackends* backends = nullptr;  // null: options are checked less
  LoginKeeper* logins = nullptr;             // null: renewed logins are lost with the run
  std::map<std::string, AllowedProgram> hooks = {};
  std::map<std::string, AllowedProgram> commands = {};
  ProgressConfig phases = default_progress_config();
  SandboxTools sandbox = {};
  SandboxRules sandbox_rules = {};
  RunCgroups cgroups = {};
  uint64_t run_memory = 0;       // of each process of jobs that do not say; 0: no limit
  uint32_t run_cpu_percent = 0;  // of jobs that do not say; 100: one processor; 0: no limit
  Duration upload_patience = minutes{2};  // with a sender of a file that is not heard of
};

}  // namespace dray::worker
