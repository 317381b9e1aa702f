#include "workers/start_up.h"

#include <unistd.h>

#include <climits>

#include "broker/curve.h"
#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace dray::worker {

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

}  // namespace dray::worker
