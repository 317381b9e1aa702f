#include "daemon/scheduler/store_snapshot.h"

#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_jobs.h"
#include "daemon/scheduler/store_rows.h"

namespace dray::store {
namespace {

std::vector<RunRow> open_runs(Db& db) {
  std::vector<RunRow> runs;
  auto query = db.query("SELECT " DRAY_RUN_COLUMNS " FROM runs r WHERE r.state < 20 ORDER BY r.id");
  while (query.next())
    runs.push_back(read_run(query));
  return runs;
}

std::vector<KeyedRun> keyed_runs(Db& db, WallTime since) {
  std::vector<KeyedRun> runs;
  auto query = db.query(
      "SELECT idempotency_key, id, job, queued_at FROM runs WHERE trigger = 2 AND scheduled_at >= "
      "? "
      "AND idempotency_key IS NOT NULL ORDER BY scheduled_at");
  query.bind(since);
  while (query.next())
    runs.push_back(
        {query.text(0), {query.as<uint64_t>(1)}, {query.as<uint64_t>(2)}, query.time(3)});
  return runs;
}

std::vector<WorkerRow> workers(Db& db) {
  std::vector<WorkerRow> rows;
  auto query = db.query(
      "SELECT name, epoch, boot_id, version, rclone_version, slots, public_key, last_seen, drain "
      "FROM workers ORDER BY name");
  while (query.next())
    rows.push_back(read_worker(query));
  return rows;
}

uint64_t number(Db& db, const char* sql) {
  auto query = db.query(sql);
  return query.next() ? query.as<uint64_t>(0) : 0;
}

size_t delete_runs(Db& db, WallTime before, size_t limit) {
  // Ids rise with time, so what is old is at the front; a run that is still open is passed over.
  const int changed =
      db.query(
            "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE id < coalesce((SELECT id FROM "
            "runs WHERE queued_at >= ? ORDER BY id LIMIT 1), 9223372036854775807) AND state >= 20 "
            "ORDER BY id LIMIT ?) AND ended_at < ?")
          .bind(before, limit, before)
          .run();
  return static_cast<size_t>(changed);
}

size_t delete_events(Db& db, WallTime before, size_t limit) {
  const int changed =
      db.query(
            "DELETE FROM events WHERE sequence IN (SELECT sequence FROM events ORDER BY sequence "
            "LIMIT ?) AND at < ?")
          .bind(limit, before)
          .run();
  return static_cast<size_t>(changed);
}

}  // namespace

Result<Snapshot> load_snapshot(Db& db, WallTime now) {
  return guarded("load", [&]() -> Result<Snapshot> {
    Snapshot snapshot;
    Catalog catalog(db);
    DRAY_TRY_ASSIGN(snapshot.clients, catalog.clients());
    DRAY_TRY_ASSIGN(snapshot.accounts, catalog.accounts());
    DRAY_TRY_ASSIGN(snapshot.settings, catalog.live_settings());
    DRAY_TRY_ASSIGN(snapshot.jobs, Jobs(db).plans());
    snapshot.open_runs = open_runs(db);
    snapshot.keyed_runs = keyed_runs(db, now - hours{24});
    snapshot.workers = workers(db);
    snapshot.last_manual_at = from_unix_us(static_cast<int64_t>(
        number(db, "SELECT coalesce(max(scheduled_at), 0) FROM runs WHERE trigger IN (2, 3, 4)")));
    snapshot.last_run_id =
        number(db,
               "SELECT max((SELECT coalesce(max(id), 0) FROM runs), (SELECT value FROM counters "
               "WHERE name = 'last_run_id'))");
    snapshot.last_event_sequence =
        number(db,
               "SELECT max((SELECT coalesce(max(sequence), 0) FROM events), (SELECT value FROM "
               "counters WHERE name = 'last_event_sequence'))");
    snapshot.scheduler_epoch =
        number(db, "SELECT value FROM counters WHERE name = 'scheduler_epoch'");
    return snapshot;
  });
}

Result<size_t> delete_history(Db& db, WallTime before, size_t limit) {
  return guarded("delete old history", [&]() -> Result<size_t> {
    SQLite::Transaction transaction(db.connection(), SQLite::TransactionBehavior::IMMEDIATE);
    // The newest id must not be forgotten with its row: it would be given out again.
    db.query(
          "UPDATE counters SET value = max(value, (SELECT coalesce(max(id), 0) FROM runs)) WHERE "
          "name = 'last_run_id'")
        .run();
    db.query(
          "UPDATE counters SET value = max(value, (SELECT coalesce(max(sequence), 0) FROM events)) "
          "WHERE name = 'last_event_sequence'")
        .run();
    size_t deleted = delete_runs(db, before, limit);
    if (deleted < limit) deleted += delete_events(db, before, limit - deleted);
    transaction.commit();
    return deleted;
  });
}

}  // namespace dray::store
