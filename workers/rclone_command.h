// The argument vector of rclone: a fixed template with the run's options filled in. Pure; golden
// files in tests/golden/argv show every form.
//
// No secret and no text of a user stands before the first colon of an argument, filter rules travel
// in a file, and extra flags are checked against the allow-list once more. Figures:
// --timeout, --contimeout, --low-level-retries and --retries replace defaults with which rclone
// hangs silently for hours; attempts are repeated by the scheduler.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray::worker {

// The private directory of one run (0700) and what lies in it.
struct RunPaths {
  std::string directory;
  std::string config() const { return directory + "/rclone/rclone.conf"; }
  std::string config_dir() const { return directory + "/rclone"; }
  std::string control() const { return directory + "/control"; }
  std::string filters() const { return directory + "/filters"; }
  std::string temp() const { return directory + "/tmp"; }
  std::string cache() const { return directory + "/cache"; }
};

// `source` and `destination` as build_rclone_config minted them; `program` is an absolute path.
// invalid: an option or flag that is not allowed.
Result<std::vector<std::string>> rclone_argv(const std::string& program, const RunSpec& spec,
                                             const std::string& source,
                                             const std::string& destination, const RunPaths& paths,
                                             std::span<const std::string> allow_flags);

// Any other command of an attempt: "lsjson", "copyto", "purge". `operands` are minted places or
// paths of the attempt's own directory, `flags` are ours.
std::vector<std::string> step_argv(const std::string& program, std::string_view verb,
                                   std::span<const std::string> operands, const RunPaths& paths,
                                   std::span<const std::string> flags);

// A short command on `source`, like "lsf" or "about": one try and short time-outs, because somebody
// waits for the answer. `flags` are ours.
std::vector<std::string> question_argv(const std::string& program, std::string_view verb,
                                       const std::string& source, const RunPaths& paths,
                                       std::span<const std::string> flags);

// For --bwlimit and core/bwlimit: a bare number would be KiB/s; "B" makes it bytes. 0: "off".
std::string rclone_rate(uint64_t bytes_per_second);

// What --filter-from reads; empty when there are no rules. invalid: a rule that is none.
Result<std::string> filter_file(const TransferOptions& options);

// All of the environment. Nothing is inherited: AWS_CA_BUNDLE breaks every S3 remote, RCLONE_* act
// as flags, and the rest is nobody's business.
std::vector<std::string> rclone_environment(const RunPaths& paths);

}  // namespace dray::worker
