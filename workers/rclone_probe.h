// Two questions to rclone that are no runs: which version it is, and whether a remote answers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "schemas/messages.h"
#include "schemas/rclone_backends.h"
#include "workers/captured_command.h"
#include "workers/run_context.h"

namespace dray::worker {

// The oldest rclone that our log reader, flags and judgements were tested with.
inline constexpr RcloneVersion kOldestRclone{1, 60, 0};

struct RcloneFound {
  std::string path;     // absolute
  std::string version;  // as rclone prints it: "v1.60.1-DEV"
  RcloneVersion number;
  RcloneBackends backends;  // what it can talk to
};

// `program`: a name to be looked up in $PATH, or an absolute path. Blocks (turns the loop) for at
// most twice kVersionTimeout. not_found: there is none; invalid: too old, or it is not rclone.
Result<RcloneFound> find_rclone(EventLoop& loop, ProcessFamily& family, const std::string& program,
                                const std::string& guard, const std::string& work_dir);
inline constexpr Duration kVersionTimeout = seconds{20};

// Lists the top of a remote, with the attempt's own machinery: sealed settings, private directory,
// guard.
class RcloneProbe {
 public:
  // `done` is called once, never within this call; it may destroy the probe.
  RcloneProbe(const RunContext& context, uint64_t number, const Probe& probe,
              std::function<void(ProbeResult)> done);
  ~RcloneProbe();

  static constexpr size_t kMaxEntries = 50;  // names in the answer

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
