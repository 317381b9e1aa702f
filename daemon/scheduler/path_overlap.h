// Which destinations overlap. Two runs of different jobs never write to the same or to nested
// paths at once. Judged by text alone: what a remote points at, links and case play no part. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "schemas/ids.h"
#include "schemas/job.h"

namespace dray::scheduler {

// The destination as one comparable text: client, remote and the path without empty and "."
// components, with ".." taken back and no leading slash; every component ends in a slash. So two
// destinations overlap exactly when one key is the beginning of the other. Empty for a job without
// a destination, which is in nobody's way.
std::string destination_key(std::string_view client, const Endpoint& destination);

bool keys_overlap(std::string_view a, std::string_view b);

// The destinations that are being written to. Runs of one job do not exclude each other here: its
// overlap policy has spoken about them.
class PathLocks {
 public:
  void take(std::string_view key, JobId job, RunId run);
  void release(std::string_view key, RunId run);
  // A run of another job whose destination overlaps; none: RunId{}. O(depth * log n).
  RunId in_the_way(std::string_view key, JobId job) const;

 private:
  struct Holder {
    JobId job;
    RunId run;
  };
  std::multimap<std::string, Holder, std::less<>> held_;
};

}  // namespace dray::scheduler
