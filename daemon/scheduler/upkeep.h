// What follows from the states that a job has: which may go, is a drill due, what a run is told of
// them. Reads the store; the decisions are retention.h's.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/scheduler/events.h"
#include "daemon/store/store_versions.h"
#include "schemas/run_task.h"

namespace dray::store {

// Of the files of a state, at least one.
inline constexpr uint32_t kDrillPercent = 5;

// After a good run. nullopt: the job is gone.
Result<std::optional<scheduler::UpkeepDue>> upkeep_due(Db& db, JobId job, WallTime now);

// The job's newest kept state, as RunTask::previous has it.
Result<std::vector<VersionRef>> previous_version(Db& db, const RunSpec& spec);

// Brings `spec` in line with a run that reads or removes earlier states: they lie where the job's
// destination was when they were made, and a restore goes to a place of its own. not_found: a
// remote is gone.
Status fit_spec(Db& db, RunSpec& spec, const RunTask& task);

// What somebody asks for as a restore, completed: the state in question, or the newest.
// `wanted.version.run`, or else `.at`, chooses it.
Result<RestoreTask> restore_task(Db& db, const JobSpec& job, const RestoreTask& wanted);

}  // namespace dray::store
