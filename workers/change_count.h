// What a transfer would change, counted from two listings before it begins, and whether that is
// unusual enough to ask a person first. Pure.
//
// Known are the files of the job's last good run, or what lies in the destination when there is
// none. A known file that the source no longer has goes when the job syncs; one with another size,
// or a source file newer than its copy, is overwritten. Times are compared within kTimeSlack, and
// only where the caller says that they mean the same on both sides.
#pragma once

#include <string>

#include "schemas/job.h"
#include "schemas/job_policy.h"
#include "schemas/report.h"
#include "schemas/run_task.h"
#include "workers/path_set.h"

namespace dray::worker {

// FTP and FAT keep times to two seconds.
inline constexpr Duration kTimeSlack = seconds{2};

class ChangeCount {
 public:
  struct Rules {
    JobKind kind = JobKind::sync;
    bool compare_times = true;
    bool keeps_replaced = false;  // the destination holds both, the old file and the new one
  };
  ChangeCount(HashKey key, Rules rules, size_t max_entries = PathSet::kMaxEntries);

  void known(std::string_view path, uint64_t size, WallTime mtime);
  void all_known();
  // Sizes that are not known are UINT64_MAX.
  void source(std::string_view path, uint64_t size, WallTime mtime);

  uint64_t known_files() const { return known_.files(); }
  GuardReport counts() const;  // `held` and `reason` are left to judge_changes()
  // At the least what the destination will hold more than now, while the transfer goes on.
  uint64_t bytes_needed() const { return bytes_needed_; }

 private:
  PathSet known_;
  Rules rules_;
  GuardReport counts_;
  uint64_t bytes_needed_ = 0;
};

// Sets held and reason.
void judge_changes(const GuardPolicy& policy, const LearnedCounts& learned, JobKind kind,
                   GuardReport& report);

// Nothing is asked of anybody: no listing is worth its cost.
constexpr bool guard_is_off(const GuardPolicy& policy) {
  return !policy.empty_source && policy.max_delete_percent >= 100;
}

}  // namespace dray::worker
