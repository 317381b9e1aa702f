// The private directories of runs below worker.work_dir (best a tmpfs): configuration with
// credentials, filter rules, rclone's own temporary files. All calls block.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/ids.h"
#include "workers/rclone_command.h"

namespace dray::worker {

// WORK_DIR/run-RUN-ATTEMPT-EPOCH
std::string run_directory(const std::string& work_dir, const Token& token);

// Makes the directory and those inside it, all 0700. conflict: it exists.
Status make_run_directory(const RunPaths& paths);

// A directory of a local remote, with its parents, as rclone would make it. In a sandbox only what
// is there can be let in: the directory that can be let in, so that rclone makes the rest of it or
// says why it cannot, is the result. denied: none inside `roots`.
Result<std::string> make_local_directory(const std::string& path,
                                         std::span<const std::string> roots);

// A new file, 0600, not made durable.
Status write_private_file(const std::string& path, std::string_view content);

// Makes WORK_DIR and removes what an earlier life of this worker left in it.
Status clear_work_dir(const std::string& work_dir);

}  // namespace dray::worker
