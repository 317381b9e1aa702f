// The states of jobs that can be restored, and what retention removed. Writes belong into the
// store's open transaction. Same thread as the store; borrows its connection.
//
// States belong to a place: client, destination and, where replaced files go to a path of their
// own, that path. So a job that was made anew over an old destination goes on where the old one
// stopped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/scheduler/rows.h"
#include "schemas/answers_versions.h"
#include "schemas/job.h"
#include "schemas/report.h"

namespace dray::store {

class Db;

struct VersionPlace {
  std::string client;
  std::string destination;    // "remote:path"
  std::string versions_path;  // empty: below the destination
};
// nullopt: its runs leave nothing to restore but the newest state.
std::optional<VersionPlace> version_place(const JobSpec& job);

class Versions {
 public:
  explicit Versions(Db& db) : db_(&db) {}

  // Not pruned, newest first.
  Result<std::vector<VersionRow>> at(const VersionPlace& place);
  Result<std::optional<VersionRow>> find(RunId run);
  // The newest kept one at the place.
  Result<std::optional<VersionRow>> newest(const VersionPlace& place);

  Status put(const VersionRow& version);
  Status set_pinned(RunId run, const std::string& why);
  Status mark_pruning(RunId prune, const std::vector<RunId>& versions);
  Status end_prune(RunId prune, WallTime at);
  Status add_deletions(RunId prune, JobId job, WallTime at,
                       const std::vector<DeletedVersion>& deleted);

  // What was deleted from the directory of a run, newest first.
  Result<std::vector<DeletionView>> deletions(RunId version, size_t limit);

  // When a drill of the job was queued last; the epoch: never.
  Result<WallTime> drilled_at(JobId job);
  Status mark_drill(JobId job, WallTime at);

 private:
  Db* db_;
};

}  // namespace dray::store
