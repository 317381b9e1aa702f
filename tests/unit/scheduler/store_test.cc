#include "daemon/scheduler/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>

#include "schemas/migrations.h"
#include "tests/unit/scheduler/store_rig.h"

namespace dray {
namespace {

using namespace scheduler;

TEST_CASE("What was committed is there after kill -9, what was not is gone") {
  StoreRig rig(false);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // No test macros here: this process ends without a word.
    auto store = Store::open({rig.path, "test"}, kNoon);
    const bool ok = store && (*store)->begin() && (*store)->apply(InsertRun{a_run(1)}) &&
                    (*store)->commit() && (*store)->begin() && (*store)->apply(InsertRun{a_run(2)});
    ::kill(::getpid(), ok ? SIGKILL : SIGTERM);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  rig.reopen();
  CHECK(rig.queries().run({1}).value().has_value());
  CHECK_FALSE(rig.queries().run({2}).value().has_value());
  const auto snapshot = rig.store->load_snapshot(kNoon);
  REQUIRE(snapshot);
  CHECK(snapshot->open_runs.size() == 1);
  CHECK(snapshot->last_run_id == 1);
  CHECK(snapshot->scheduler_epoch == 2);
}

TEST_CASE("An occurrence becomes a run once") {
  StoreRig rig;
  RunRow again = a_run(2);
  again.scheduled_at = a_run(1).scheduled_at;
  REQUIRE(rig.write(InsertRun{a_run(1)}));
  CHECK(rig.write(InsertRun{again}).error().code == ErrorCode::conflict);
  again.trigger = Trigger::manual;
  CHECK(rig.write(InsertRun{again}));
}

TEST_CASE("A run that has ended cannot be changed") {
  StoreRig rig;
  RunRow run = a_run(1);
  REQUIRE(rig.write(InsertRun{run}));
  run.state = RunState::cancelled;
  REQUIRE(rig.write(UpdateRun{run}));
  run.state = RunState::succeeded;
  CHECK(rig.write(UpdateRun{run}).error().code == ErrorCode::conflict);
  CHECK(rig.queries().run({1}).value()->state == RunState::cancelled);
}

TEST_CASE("A row of an older attempt changes nothing") {
  StoreRig rig;
  REQUIRE(rig.write(InsertRun{a_run(1)}, UpdateRun{on_worker(a_run(1), 2)}));
  RunRow late = on_worker(a_run(1), 1);
  late.state = RunState::succeeded;
  CHECK(rig.write(UpdateRun{late}).error().code == ErrorCode::conflict);
  CHECK(rig.queries().run({1}).value()->state == RunState::starting);
}

TEST_CASE("An attempt ends once, and only for its own token") {
  StoreRig rig;
  const RunRow run = on_worker(a_run(1));
  REQUIRE(rig.write(InsertRun{a_run(1)}, UpdateRun{run}, InsertAttempt{an_attempt(run)}));
  AttemptRow end = an_attempt(run);
  end.ended_at = kNoon + seconds{5};
  end.end = "result";
  end.result.log_excerpt = "two\nlines";
  AttemptRow foreign = end;
  foreign.token.worker_epoch = 8;
  CHECK(rig.write(EndAttempt{foreign}).error().code == ErrorCode::conflict);
  CHECK(rig.write(EndAttempt{end}));
  CHECK(rig.write(EndAttempt{end}).error().code == ErrorCode::conflict);
  const auto attempts = rig.queries().attempts({1}).value();
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].log_excerpt == "two\nlines");
}

TEST_CASE("A run has at most one open attempt") {
  StoreRig rig;
  const RunRow first = on_worker(a_run(1), 1);
  const RunRow second = on_worker(a_run(1), 2);
  REQUIRE(rig.write(InsertRun{a_run(1)}, UpdateRun{first}, InsertAttempt{an_attempt(first)}));
  CHECK(rig.write(UpdateRun{second}, InsertAttempt{an_attempt(second)}).error().code ==
        ErrorCode::conflict);
}

TEST_CASE("Progress is kept of the current attempt only, and while the run is open") {
  StoreRig rig;
  RunRow run = on_worker(a_run(1));
  Progress progress;
  progress.bytes_done = 42;
  REQUIRE(rig.write(InsertRun{a_run(1)}, UpdateRun{run}));
  Token old = run.token();
  old.attempt = 9;
  REQUIRE(rig.write(StoreProgress{old, RunState::running, progress, kNoon}));
  CHECK_FALSE(rig.queries().run({1}).value()->progress);
  REQUIRE(rig.write(StoreProgress{run.token(), RunState::running, progress, kNoon}));
  CHECK(rig.queries().run({1}).value()->progress->bytes_done == 42);
  run.state = RunState::succeeded;
  REQUIRE(rig.write(UpdateRun{run}));
  CHECK_FALSE(rig.queries().run({1}).value()->progress);
}

TEST_CASE(
    "A full disk stores nothing of the transaction, and the store goes on when there is room") {
  StoreRig rig;
  const std::string pages = rig.store->db().pragma("page_count");
  rig.store->db().exec("PRAGMA max_page_count = " + pages);
  REQUIRE(rig.store->begin());
  Status status;
  uint64_t id = 1;
  while (status && id < 10'000) {
    RunRow run = a_run(id++);
    run.hint = std::string(500, 'x');
    status = rig.store->apply(InsertRun{run});
  }
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::exhausted);
  CHECK(status.error().message == "store: the disk of the database is full");
  rig.store->rollback();
  CHECK_FALSE(rig.store->in_transaction());
  CHECK_FALSE(rig.queries().run({1}).value().has_value());
  rig.store->db().exec("PRAGMA max_page_count = 1000000");
  const uint64_t epoch = rig.store->load_snapshot(kNoon)->scheduler_epoch;
  CHECK(rig.store->probe_write());
  // A probe that finds nothing to write proves nothing.
  CHECK(rig.store->probe_write());
  CHECK(rig.store->load_snapshot(kNoon)->scheduler_epoch == epoch + 2);
  CHECK(rig.write(InsertRun{a_run(1)}));
}

TEST_CASE("A part of a transaction can be taken back alone") {
  StoreRig rig;
  REQUIRE(rig.store->begin());
  REQUIRE(rig.store->apply(InsertRun{a_run(1)}));
  REQUIRE(rig.store->savepoint());
  REQUIRE(rig.store->apply(InsertRun{a_run(2)}));
  rig.store->rollback_to_savepoint();
  REQUIRE(rig.store->savepoint());
  REQUIRE(rig.store->apply(InsertRun{a_run(3)}));
  REQUIRE(rig.store->release());
  REQUIRE(rig.store->commit());
  CHECK(rig.queries().run({1}).value().has_value());
  CHECK_FALSE(rig.queries().run({2}).value().has_value());
  CHECK(rig.queries().run({3}).value().has_value());
}

TEST_CASE("A run comes back from the store as it was") {
  StoreRig rig;
  RunRow run = on_worker(a_run(1), 3, 9);
  run.trigger = Trigger::manual;
  run.priority = -7;
  run.dry_run = true;
  run.retry_at = kNoon + seconds{1};
  run.cancel_requested = true;
  run.cancel_reason = "r'; DROP TABLE runs; --";
  run.cancel_by = "ann";
  run.asked_by = "bob";
  run.idempotency_key = "k1";
  run.reason = "why";
  run.outcome = Outcome::warning;
  run.error_class = ErrorClass::quota;
  run.hint = "h";
  run.started_at = kNoon;
  run.bytes = uint64_t{1} << 60;
  run.lease_ms = 600'000;
  run.bandwidth_bytes_per_second = 5;
  run.failed_attempts = 2;
  run.lost_attempts = 1;
  REQUIRE(rig.write(InsertRun{run}));
  const auto snapshot = rig.store->load_snapshot(kNoon);
  REQUIRE(snapshot);
  REQUIRE(snapshot->open_runs.size() == 1);
  RunRow stored = snapshot->open_runs[0];
  CHECK(stored.idempotency_key.empty());  // the core remembers keys apart from runs
  REQUIRE(snapshot->keyed_runs.size() == 1);
  CHECK(snapshot->keyed_runs[0].key == "k1");
  CHECK(snapshot->last_manual_at == run.scheduled_at);
  CHECK(to_json(store::run_view(stored)) == to_json(store::run_view(run)));
  CHECK(stored.worker_epoch == 9);
  CHECK(stored.lease_ms == 600'000);
  CHECK(stored.bandwidth_bytes_per_second == 5);
  CHECK(stored.failed_attempts == 2);
  CHECK(stored.lost_attempts == 1);
}

TEST_CASE("Old history goes, open runs and the last id stay") {
  StoreRig rig;
  RunRow ended = a_run(2, RunState::succeeded);
  ended.ended_at = kNoon + minutes{3};
  EventRow event{5, kNoon, "run.queued", "default", "photos", {2}, "{}"};
  REQUIRE(rig.write(InsertRun{a_run(1)}, InsertRun{ended}, AddEvent{event}));
  CHECK(rig.store->delete_history(kNoon, 100).value() == 0);
  CHECK(rig.store->delete_history(kNoon + hours{1}, 100).value() == 2);
  CHECK(rig.store->delete_history(kNoon + hours{1}, 100).value() == 0);
  CHECK(rig.queries().run({1}).value().has_value());
  CHECK_FALSE(rig.queries().run({2}).value().has_value());
  auto totals = rig.store->db().query("SELECT job, state, runs FROM run_totals");
  REQUIRE(totals.next());
  CHECK(totals.as<RunState>(1) == RunState::succeeded);
  CHECK(totals.i64(2) == 1);
  const auto snapshot = rig.store->load_snapshot(kNoon);
  CHECK(snapshot->last_run_id == 2);
  CHECK(snapshot->last_event_sequence == 5);
}

TEST_CASE("A backup made in steps opens as a database of its own") {
  StoreRig rig;
  REQUIRE(rig.write(InsertRun{a_run(1)}));
  const std::string copy = rig.dir / "copy.db";
  REQUIRE(rig.store->start_backup(copy));
  CHECK_FALSE(rig.store->start_backup(copy));
  Result<std::optional<uint64_t>> bytes = std::nullopt;
  for (int i = 0; i < 1000 && bytes && !*bytes; ++i)
    bytes = rig.store->step_backup();
  REQUIRE(bytes);
  REQUIRE(*bytes);
  CHECK(**bytes > 0);
  auto opened = Store::open({copy, "test"}, kNoon);
  REQUIRE(opened);
  CHECK(store::Queries((*opened)->db()).run({1}).value().has_value());
  CHECK(rig.store->start_backup(copy).error().code == ErrorCode::conflict);
}

TEST_CASE("The write-ahead log's file is there before it is needed, and nothing cuts it") {
  StoreRig rig;
  const auto wal_bytes = [&] { return std::filesystem::file_size(rig.path + "-wal"); };
  CHECK(wal_bytes() == 32u + StoreOptions{}.wal_reserved_pages * (24u + 4096));
  const auto reserved = wal_bytes();
  uint64_t id = 1;
  // Each round more than an idle moment leaves in the log, all of them more than it has room for.
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 100; ++i)
      REQUIRE(rig.write(InsertRun{a_run(id++)}));
    REQUIRE(rig.store->checkpoint());
    CHECK(wal_bytes() == reserved);
  }
}

TEST_CASE("What was committed is found again behind the zeros of a log that was not used up") {
  StoreRig rig;
  REQUIRE(rig.write(InsertRun{a_run(1)}));
  // As after kill -9: the files as they are, without the checkpoint of closing.
  TempDir copies;
  for (const char* part : {"", "-wal"})
    std::filesystem::copy_file(rig.path + part, copies / (std::string("dray.db") + part));
  auto opened = Store::open({copies / "dray.db", "test"}, kNoon);
  REQUIRE(opened);
  CHECK(store::Queries((*opened)->db()).run({1}).value().has_value());
}

TEST_CASE("Questions that take too long are refused") {
  StoreRig rig;
  REQUIRE(rig.store->begin());
  for (uint64_t i = 1; i <= 3000; ++i)
    REQUIRE(rig.store->apply(InsertRun{a_run(i)}));
  REQUIRE(rig.store->commit());
  store::RunFilter filter;
  filter.client = "nobody";
  CHECK(rig.queries().runs(filter).value().empty());
  const auto refused = store::Queries(rig.store->db(), Duration{-1}).runs(filter);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::exhausted);
}

TEST_CASE("The newest migration is the version that the store says it has") {
  CHECK(migrations().back().version == kStoreVersion);
  int expected = 1;
  for (const Migration& migration : migrations())
    CHECK(migration.version == expected++);
}

}  // namespace
}  // namespace dray
