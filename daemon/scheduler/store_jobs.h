// Jobs in the database. Writes belong into the store's open transaction. Same thread as the store;
// borrows its connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/rows.h"
#include "schemas/answers.h"
#include "schemas/job.h"

namespace dray::store {

class Db;

struct JobRecord {
  JobId id;
  JobSpec spec;
  WallTime created_at{};
  WallTime updated_at{};
  WallTime high_water{};
  std::optional<WallTime> next_due;
  RunId last_run;
  std::string paused;  // why no run starts; empty: not paused
};

class Jobs {
 public:
  explicit Jobs(Db& db) : db_(&db) {}

  Result<std::optional<JobRecord>> find(std::string_view name);
  Result<std::optional<JobRecord>> find(JobId id);
  // By name, after `after`; `client` empty: of all clients.
  Result<std::vector<JobRecord>> list(std::string_view client, std::string_view after,
                                      size_t limit);
  Result<uint64_t> count(std::string_view client);
  // `id` 0 inserts: a new job owes nothing of the time before `now`.
  Result<JobId> put(JobId id, const JobSpec& spec, WallTime now);
  Status remove(JobId id);
  // Why no run of it starts; empty: they do.
  Status set_paused(JobId id, std::string_view why);

  // A job other than `except` that writes to the same place, or inside or around it. "": none.
  Result<std::string> writes_there(const JobSpec& spec, JobId except);

  // May something of the job lie in its destination? Also true when all that ran were rehearsals.
  Result<bool> has_written(JobId id);

  // For the core; `accounts` are all remotes that a run of the job touches.
  Result<std::vector<JobPlan>> plans();
  Result<JobPlan> plan(const JobRecord& record);

  // What a worker needs for an attempt. not_found: the job or a remote is gone.
  Result<RunSpec> run_spec(JobId id);

 private:
  Db* db_;
};

}  // namespace dray::store
