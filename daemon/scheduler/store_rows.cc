#include "daemon/scheduler/store_rows.h"

#include "daemon/scheduler/store_receipts.h"
#include "schemas/json_fields.h"

namespace dray::store {

RunRow read_run(const Query& q) {
  RunRow run;
  run.id = {q.as<uint64_t>(0)};
  run.job = {q.as<uint64_t>(1)};
  run.job_name = q.text(2);
  run.client = q.text(3);
  run.trigger = q.as<Trigger>(4);
  run.scheduled_at = q.time(5);
  run.queued_at = q.time(6);
  run.state = q.as<RunState>(7);
  run.priority = q.as<int32_t>(8);
  run.dry_run = q.as<bool>(9);
  run.attempt = q.as<uint32_t>(10);
  run.worker = q.text(11);
  run.worker_epoch = q.as<uint64_t>(12);
  run.retry_at = q.time(13);
  run.cancel_requested = q.as<bool>(14);
  run.cancel_reason = q.text(15);
  run.cancel_by = q.text(16);
  run.asked_by = q.text(17);
  run.reason = q.text(18);
  run.outcome = q.as<Outcome>(19);
  run.error_class = q.as<ErrorClass>(20);
  run.hint = q.text(21);
  run.started_at = q.time(22);
  run.ended_at = q.time(23);
  run.bytes = q.as<uint64_t>(24);
  run.files = q.as<uint64_t>(25);
  run.checks = q.as<uint64_t>(26);
  run.deletes = q.as<uint64_t>(27);
  run.errors = q.as<uint64_t>(28);
  run.lease_ms = q.as<uint64_t>(29);
  run.bandwidth_bytes_per_second = q.as<uint64_t>(30);
  run.failed_attempts = q.as<uint32_t>(31);
  run.lost_attempts = q.as<uint32_t>(32);
  run.kind = q.as<JobKind>(33);
  run.task = q.text(34);
  run.pause_requested = q.as<bool>(35);
  run.grade = q.as<Grade>(36);
  run.rerun_of = {q.as<uint64_t>(37)};
  return run;
}

void insert_run(Db& db, const RunRow& run) {
  db.query(
        "INSERT INTO runs (id, job, job_name, client, trigger, scheduled_at, queued_at, state, "
        "priority, dry_run, attempt, worker, worker_epoch, lease_ms, bandwidth, failed_attempts, "
        "lost_attempts, retry_at, cancel_requested, cancel_reason, cancel_by, asked_by, "
        "idempotency_key, reason, outcome, error_class, hint, started_at, ended_at, bytes, files, "
        "checks, deletes, errors, kind, task, pause_requested, grade, rerun_of) VALUES (?, ?, ?, "
        "?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?)")
      .bind(run.id, run.job, run.job_name, run.client, run.trigger, run.scheduled_at, run.queued_at,
            run.state, run.priority, run.dry_run, run.attempt, run.worker, run.worker_epoch,
            run.lease_ms, run.bandwidth_bytes_per_second, run.failed_attempts, run.lost_attempts,
            OrNull{run.retry_at}, run.cancel_requested, run.cancel_reason, run.cancel_by,
            run.asked_by, run.idempotency_key, run.reason, run.outcome, run.error_class, run.hint,
            OrNull{run.started_at}, OrNull{run.ended_at}, run.bytes, run.files, run.checks,
            run.deletes, run.errors, run.kind, run.task, run.pause_requested, run.grade,
            run.rerun_of)
      .run();
}

bool update_run(Db& db, const RunRow& run) {
  const int changed =
      db.query(
            "UPDATE runs SET state = ?, priority = ?, attempt = ?, worker = ?, worker_epoch = ?, "
            "lease_ms = ?, bandwidth = ?, failed_attempts = ?, lost_attempts = ?, retry_at = ?, "
            "cancel_requested = ?, cancel_reason = ?, cancel_by = ?, reason = ?, outcome = ?, "
            "error_class = ?, hint = ?, started_at = ?, ended_at = ?, bytes = ?, files = ?, checks "
            "= ?, deletes = ?, errors = ?, task = ?, pause_requested = ?, grade = ? WHERE id = ? "
            "AND "
            "state < 20 AND attempt <= ?")
          .bind(run.state, run.priority, run.attempt, run.worker, run.worker_epoch, run.lease_ms,
                run.bandwidth_bytes_per_second, run.failed_attempts, run.lost_attempts,
                OrNull{run.retry_at}, run.cancel_requested, run.cancel_reason, run.cancel_by,
                run.reason, run.outcome, run.error_class, run.hint, OrNull{run.started_at},
                OrNull{run.ended_at}, run.bytes, run.files, run.checks, run.deletes, run.errors,
                run.task, run.pause_requested, run.grade, run.id, run.attempt)
          .run();
  if (changed != 1) return false;
  if (!is_terminal(run.state)) return true;
  db.query("DELETE FROM progress WHERE run = ?").bind(run.id).run();
  const bool backup = is_job_kind(run.kind);
  if (backup && run.state != RunState::skipped && run.state != RunState::missed)
    db.query("UPDATE job_states SET last_run = ?, last_state = ? WHERE job = ?")
        .bind(run.id, run.state, run.job)
        .run();
  return true;
}

void insert_attempt(Db& db, const AttemptRow& row) {
  db.query(
        "INSERT INTO attempts (run, attempt, worker, worker_epoch, accepted_at, ended_at, ending, "
        "outcome, error_class, retry, hint, deciding_line, bytes, files, checks, deletes, errors, "
        "exit_code, signal, duration_ms, log_bytes, rclone_version) VALUES (?, ?, ?, ?, ?, NULL, "
        "'', 0, 0, 0, '', '', 0, 0, 0, 0, 0, -1, 0, 0, 0, '')")
      .bind(row.token.run, row.token.attempt, row.worker, row.token.worker_epoch, row.accepted_at)
      .run();
}

bool end_attempt(Db& db, const AttemptRow& row) {
  const AttemptResult& result = row.result;
  const int changed =
      db.query(
            "UPDATE attempts SET ended_at = ?, ending = ?, outcome = ?, error_class = ?, retry = "
            "?, hint = ?, deciding_line = ?, bytes = ?, files = ?, checks = ?, deletes = ?, errors "
            "= ?, exit_code = ?, signal = ?, duration_ms = ?, log_bytes = ?, rclone_version = ? "
            "WHERE run = ? AND attempt = ? AND worker_epoch = ? AND ended_at IS NULL")
          .bind(row.ended_at, row.end, result.outcome, result.error_class, result.retry,
                result.hint, result.deciding_line, result.bytes, result.files, result.checks,
                result.deletes, result.errors, result.exit_code, result.signal, result.duration_ms,
                result.log_bytes, result.rclone_version, row.token.run, row.token.attempt,
                row.token.worker_epoch)
          .run();
  if (changed != 1) return false;
  if (!result.log_excerpt.empty())
    db.query("INSERT INTO log_excerpts (run, attempt, excerpt) VALUES (?, ?, ?)")
        .bind(row.token.run, row.token.attempt, result.log_excerpt)
        .run();
  if (!result.report.empty())
    db.query("INSERT INTO reports (run, attempt, report) VALUES (?, ?, ?)")
        .bind(row.token.run, row.token.attempt, result.report)
        .run();
  add_receipt(db, row);
  return true;
}

void add_event(Db& db, const EventRow& event) {
  db.query(
        "INSERT INTO events (sequence, at, kind, client, job, run, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(event.sequence, event.at, event.kind, event.client, event.job, event.run, event.body)
      .run();
}

void put_worker(Db& db, const WorkerRow& worker) {
  db.query(
        "INSERT INTO workers (name, epoch, boot_id, version, rclone_version, slots, public_key, "
        "last_seen, drain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "epoch = excluded.epoch, boot_id = excluded.boot_id, version = excluded.version, "
        "rclone_version = excluded.rclone_version, slots = excluded.slots, public_key = "
        "excluded.public_key, last_seen = excluded.last_seen, drain = excluded.drain "
        "WHERE workers.epoch <= excluded.epoch")
      .bind(worker.name, worker.epoch, worker.boot_id, worker.version, worker.rclone_version,
            worker.slots, Blob{worker.public_key}, OrNull{worker.last_seen}, worker.drain)
      .run();
}

WorkerRow read_worker(const Query& q) {
  WorkerRow worker;
  worker.name = q.text(0);
  worker.epoch = q.as<uint64_t>(1);
  worker.boot_id = q.text(2);
  worker.version = q.text(3);
  worker.rclone_version = q.text(4);
  worker.slots = q.as<uint32_t>(5);
  worker.public_key = q.text(6);
  worker.last_seen = q.time(7);
  worker.drain = q.as<bool>(8);
  return worker;
}

void store_progress(Db& db, const Token& token, RunState state, const Progress& progress,
                    WallTime at) {
  const std::string json = to_json(progress);
  db.query(
        "INSERT INTO progress (run, attempt, state, at, progress) SELECT id, attempt, ?, ?, ? FROM "
        "runs WHERE id = ? AND attempt = ? AND worker_epoch = ? AND state < 20 ON CONFLICT (run) "
        "DO UPDATE SET attempt = excluded.attempt, state = excluded.state, at = excluded.at, "
        "progress = excluded.progress")
      .bind(state, at, json, token.run, token.attempt, token.worker_epoch)
      .run();
}

}  // namespace dray::store
