// Rows of the tables as structs. Private to store_*.cc.
#pragma once

#include "daemon/scheduler/rows.h"
#include "daemon/scheduler/store_db.h"

namespace dray::store {

// The columns that read_run() expects, from column 0 on.
#define DRAY_RUN_COLUMNS                                                                     \
  "r.id, r.job, r.job_name, r.client, r.trigger, r.scheduled_at, r.queued_at, r.state, "     \
  "r.priority, r.dry_run, r.attempt, r.worker, r.worker_epoch, r.retry_at, "                 \
  "r.cancel_requested, r.cancel_reason, r.cancel_by, r.asked_by, r.reason, r.outcome, "      \
  "r.error_class, r.hint, r.started_at, r.ended_at, r.bytes, r.files, r.checks, r.deletes, " \
  "r.errors, r.lease_ms, r.bandwidth, r.failed_attempts, r.lost_attempts, r.kind, r.task, "  \
  "r.pause_requested, r.grade, r.rerun_of"
inline constexpr int kRunColumns = 38;
RunRow read_run(const Query& query);

// Throw SQLite::Exception. False: the fence held, nothing was changed.
void insert_run(Db& db, const RunRow& run);
bool update_run(Db& db, const RunRow& run);
void insert_attempt(Db& db, const AttemptRow& attempt);
bool end_attempt(Db& db, const AttemptRow& attempt);
void add_event(Db& db, const EventRow& event);
void put_worker(Db& db, const WorkerRow& worker);
WorkerRow read_worker(const Query& query);
// Does nothing for an attempt that is not current.
void store_progress(Db& db, const Token& token, RunState state, const Progress& progress,
                    WallTime at);

}  // namespace dray::store
