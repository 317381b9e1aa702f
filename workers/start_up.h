// What a worker needs on its machine before it can say hello.
#pragma once

#include <string>

#include "broker/bus.h"
#include "daemon/base/config.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "workers/log_store.h"
#include "workers/login_keeper.h"
#include "workers/rclone_probe.h"
#include "workers/run_context.h"
#include "workers/worker_core.h"

namespace dray::worker {

// Loads the key that opens credentials; makes one (0400) at the first start.
Result<SealingKeyPair> load_or_create_key(const std::string& path);

// work_dir and spool_dir, ours alone for as long as this lives.
struct OwnDirectories {
  UniqueFd work_lock;
  UniqueFd spool_lock;
};
// Takes them and kills what an earlier life of this worker left running below work_dir (which takes
// a machine that lost worker and guards at once). Its run directories stay, see restore_logins().
// conflict: another worker uses one of them.
Result<OwnDirectories> claim_directories(const Config::Worker& config);

// Takes logins out of what an earlier life left, then removes its run directories.
Status restore_logins(LoginKeeper& logins, const Config::Worker& config);

// The program dray-guard, which lies beside our own. not_found: the installation is not complete.
Result<std::string> find_guard();

// The kernel's id of this boot: tells a restarted worker from a cloned machine.
std::string boot_id();

// Names and weights of the parts of runs: as delivered, or from worker.progress_file.
Result<ProgressConfig> load_progress_config(const Config::Worker& config);

// What all attempts share, from what the process has and what it was told.
struct ProcessParts {
  EventLoop& loop;
  const Clock& clock;
  ProcessFamily& family;
  const LogStore& logs;
  const SealingKeyPair& keys;
  const SandboxTools& sandbox;
  LoginKeeper* logins = nullptr;
};
RunContext run_context(const ProcessParts& parts, const Config::Worker& config,
                       const RcloneFound& rclone, const std::string& guard);

// What the worker says of itself.
CoreOptions core_options(const Config::Worker& config, const SealingKeyPair& keys,
                         const RcloneFound& rclone, uint64_t epoch);

// How this worker connects; tcp:// needs keys.
Result<BusOptions> bus_options(const Config& config, uint64_t epoch);

// Removes logs older than worker.log_keep_days; a failure is worth a line of our log, no more.
void clean_logs(const LogStore& logs, uint32_t keep_days, WallTime now);

}  // namespace dray::worker
