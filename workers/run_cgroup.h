// Limits for all processes of a run together, where the administrator has delegated control groups
// to this worker (Delegate=yes of its unit, cgroup v2). Elsewhere limits are per process
// (guard.h, --enter).
//
// The worker moves itself into a leaf ("worker") and makes a group beside it for each run
// ("run-812-1"): a group that holds processes cannot hand controllers to groups below it.
//
// All calls read and write files of the kernel; none blocks for long.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/result.h"

namespace dray::worker {

class RunCgroups {
 public:
  // Nothing is delegated.
  RunCgroups() = default;
  // `mount`: where cgroup v2 lies. `own`: the content of /proc/self/cgroup.
  static RunCgroups claim(const std::string& mount, std::string_view own);

  bool works() const { return why_not_.empty(); }
  const std::string& why_not() const { return why_not_; }

  struct Limits {  // 0: none
    uint64_t memory_bytes = 0;
    uint32_t cpu_percent = 0;  // 100: one processor
  };
  // A group for `name`; its path.
  Result<std::string> make(const std::string& name, const Limits& limits) const;
  // Ends what is left in it and removes it.
  static void remove(const std::string& path);

  // A run that forks without end hits this before the machine does.
  static constexpr uint32_t kMaxProcesses = 1024;

 private:
  std::string base_;
  bool bounds_cpu_ = false;  // its controller is delegated, too
  std::string why_not_ = "no control groups are delegated to this worker (Delegate=yes)";
};

}  // namespace dray::worker
