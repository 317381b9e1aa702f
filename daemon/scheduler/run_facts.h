// What a run is told of its job's past (RunTask), looked up when it is assigned and not before: of
// 100,000 jobs only those that start cost anything.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/scheduler/store_db.h"
#include "schemas/job.h"
#include "schemas/run_task.h"

namespace dray::store {

// Good runs that count; older ones say little about what is usual today.
inline constexpr int kLearnedRuns = 10;
// Runs that are looked at to find them: bounds the cost for a job that mostly fails.
inline constexpr int kLearnedScan = 50;

// Of the last good runs of this job that did the same kind of work.
Result<LearnedCounts> learned_counts(Db& db, JobId job, JobKind kind);

}  // namespace dray::store
