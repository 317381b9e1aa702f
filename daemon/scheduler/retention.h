// Which states of a job stay and which go. Pure.
//
// A state goes only when every rule that is set lets it go, and none of these holds it:
//   * it is pinned, or the newest of all;
//   * it is one of the `floor` newest good ones, whatever the rules say: a row of bad runs must not
//     push out the last good copies.
// keep_last_n counts good states only, for the same reason. Neither rule: everything stays.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/scheduler/rows.h"
#include "schemas/job_policy.h"

namespace dray::scheduler {

struct RetentionChoice {
  RunId run;
  bool keep = true;
  std::string why;  // for people: "pinned: before the move", "older than 30 days"
};

// `versions` of one place, none of them pruned; the choices come newest first. One that is already
// being removed goes in any case: part of it may be gone.
std::vector<RetentionChoice> choose_versions(const RetentionPolicy& policy,
                                             std::span<const VersionRow> versions, WallTime now);

}  // namespace dray::scheduler
