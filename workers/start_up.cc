#include "workers/start_up.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <filesystem>

#include "broker/curve.h"
#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/base/random.h"
#include "daemon/base/text.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

// A killed process ends at once, unless its disk hangs; then the run directory stays behind.
constexpr int kLeftoverWaitMs = 2000;

constexpr size_t kMaxProgressFile = 1 << 20;

bool works_below(const std::string& process, const std::string& dir) {
  std::error_code error;
  const std::string at = std::filesystem::read_symlink(process + "/cwd", error).string();
  return !error && at.starts_with(dir + "/run-");
}

// Held for as long as the descriptor is open.
Result<UniqueFd> lock_directory(const std::string& dir) {
  DRAY_TRY(ensure_private_dir(dir));
  const std::string path = dir + "/lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return fail_errno(errno, path);
  return fail(ErrorCode::conflict,
              "{} is in use by another worker; give each worker directories of its own", dir);
}

// Returns how many processes there were.
int end_leftovers(const std::string& work_dir) {
  std::error_code error;
  const std::string dir = std::filesystem::canonical(work_dir, error).string();
  const Result<std::vector<std::string>> entries = list_dir("/proc");
  if (error || !entries) return 0;
  int killed = 0;
  for (const std::string& entry : *entries) {
    if (entry.empty() || entry[0] < '1' || entry[0] > '9') continue;
    const std::string process = "/proc/" + entry;
    if (!works_below(process, dir)) continue;
    // The pid could be given to another process meanwhile; the descriptor cannot.
    const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, std::stoi(entry), 0)));
    if (!handle || !works_below(process, dir)) continue;
    syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0);
    pollfd ended{handle.get(), POLLIN, 0};
    poll(&ended, 1, kLeftoverWaitMs);
    ++killed;
  }
  return killed;
}

}  // namespace

Result<OwnDirectories> claim_directories(const Config::Worker& config) {
  OwnDirectories own;
  DRAY_TRY_ASSIGN(own.work_lock, lock_directory(config.work_dir));
  DRAY_TRY_ASSIGN(own.spool_lock, lock_directory(config.spool_dir));
  if (const int killed = end_leftovers(config.work_dir); killed > 0)
    log_warn({"worker.leftovers", {{"count", killed}}}, "killed {} processes of an earlier start",
             killed);
  return own;
}

Status restore_logins(LoginKeeper& logins, const Config::Worker& config) {
  std::vector<std::string> problems;
  DRAY_TRY(logins.open(config.work_dir, problems));
  for (const std::string& problem : problems)
    log_error("login.damaged", "a renewed login may be lost: {}", problem);
  return clear_work_dir(config.work_dir);
}

Result<SealingKeyPair> load_or_create_key(const std::string& path) {
  Result<SealingKeyPair> pair = load_private_key(path);
  if (pair || pair.error().code != ErrorCode::not_found) return pair;
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) DRAY_TRY(ensure_private_dir(path.substr(0, slash)));
  SealingKeyPair made = generate_sealing_keypair();
  const Status saved = save_private_key(path, made);
  if (!saved) {
    // Another worker of this machine, started together with us, may have been first.
    if (saved.error().code == ErrorCode::conflict) return load_private_key(path);
    return std::unexpected(saved.error());
  }
  log_info({"worker.key_created", {{"path", path}}}, "made the key that opens credentials: {} ({})",
           path, fingerprint(made.public_key));
  return made;
}

Result<std::string> find_guard() {
  char self[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  if (size <= 0) return fail_errno(errno, "/proc/self/exe");
  std::string path(self, static_cast<size_t>(size));
  path.resize(path.rfind('/') + 1);
  path += "dray-guard";
  if (access(path.c_str(), X_OK) != 0)
    return fail(ErrorCode::not_found, "{}: missing; install all programs of Drayage together",
                path);
  return path;
}

std::string boot_id() {
  const Result<std::string> id = read_file("/proc/sys/kernel/random/boot_id", 128);
  return id ? std::string(trim(*id)) : "unknown";
}

Result<ProgressConfig> load_progress_config(const Config::Worker& config) {
  if (config.progress_file.empty()) return default_progress_config();
  DRAY_TRY_ASSIGN(const std::string text, read_file(config.progress_file, kMaxProgressFile));
  return parse_progress_config(text, config.progress_file);
}

RunContext run_context(const ProcessParts& parts, const Config::Worker& config,
                       const RcloneFound& rclone, const std::string& guard) {
  RunContext context{parts.loop,         parts.clock,        parts.family,  parts.logs,
                     parts.keys,         rclone.path,        guard,         config.work_dir,
                     config.local_roots, config.allow_flags, rclone.number, rclone.version,
                     config.stop_grace,  &rclone.backends,   parts.logins};
  context.sandbox = parts.sandbox;
  context.sandbox_rules.enforced = config.sandbox_enforce;
  if (config.sandbox == ProcessHome::sandboxed_process)
    context.sandbox_rules.standard = Sandbox::sandboxed_process;
  const Result<std::string> own = read_file("/proc/self/cgroup", 64 << 10);
  if (own) context.cgroups = RunCgroups::claim("/sys/fs/cgroup", *own);
  context.run_memory = config.run_memory;
  context.run_cpu_percent = config.run_cpu_percent;
  context.hooks = config.hooks;
  context.commands = config.commands;
  context.upload_patience = config.upload_patience;
  return context;
}

CoreOptions core_options(const Config::Worker& config, const SealingKeyPair& keys,
                         const RcloneFound& rclone, uint64_t epoch) {
  CoreOptions options;
  options.name = config.name;
  options.epoch = epoch;
  options.boot_id = boot_id();
  options.version = DRAY_VERSION;
  options.rclone_version = rclone.version;
  options.slots = config.slots;
  options.public_key.assign(keys.public_key.bytes.begin(), keys.public_key.bytes.end());
  options.seed = random_u64();
  return options;
}

Result<BusOptions> bus_options(const Config& config, uint64_t epoch) {
  BusOptions options;
  options.role = Role::worker;
  options.name = config.worker.name;
  options.version = DRAY_VERSION;
  options.epoch = epoch;
  options.endpoint = config.worker.broker;
  options.progress_endpoint = config.worker.progress;
  if (options.endpoint.starts_with("tcp://")) {
    DRAY_TRY_ASSIGN(options.curve,
                    load_curve_client(config.worker.secret_key_file, config.worker.server_key));
  }
  return options;
}

void clean_logs(const LogStore& logs, uint32_t keep_days, WallTime now) {
  const Result<size_t> removed = logs.remove_older_than(hours{24} * keep_days, now);
  if (!removed) log_warn("log.not_cleaned", "old logs stay: {}", removed.error().message);
}

}  // namespace dray::worker
