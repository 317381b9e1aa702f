#include "workers/change_count.h"

#include <string>

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

constexpr WallTime kThen = WallTime{hours{24 * 365 * 50}};
constexpr HashKey kKey{1, 2, 3};

std::string name(int i) {
  return "dir/file " + std::to_string(i);
}

ChangeCount counted(JobKind kind, int known, int unchanged, int resized, int newer, int fresh) {
  ChangeCount count(kKey, {.kind = kind});
  for (int i = 0; i < known; ++i)
    count.known(name(i), 100, kThen);
  count.all_known();
  int next = 0;
  for (int i = 0; i < unchanged; ++i)
    count.source(name(next++), 100, kThen + seconds{1});
  for (int i = 0; i < resized; ++i)
    count.source(name(next++), 150, kThen);
  for (int i = 0; i < newer; ++i)
    count.source(name(next++), 100, kThen + hours{1});
  for (int i = 0; i < fresh; ++i)
    count.source(name(known + i), 10, kThen);
  return count;
}

TEST_CASE("deletions, overwrites and new files are told apart") {
  const ChangeCount count = counted(JobKind::sync, 100, 70, 5, 6, 7);
  const GuardReport report = count.counts();
  CHECK(report.known_files == 100);
  CHECK(report.source_files == 88);
  CHECK(report.deletes == 19);
  CHECK(report.overwrites == 11);
  CHECK(report.creates == 7);
  CHECK(count.bytes_needed() == 5 * 50 + 7 * 10);
}

TEST_CASE("copies and moves delete nothing at the destination") {
  CHECK(counted(JobKind::copy, 100, 10, 0, 0, 0).counts().deletes == 0);
  CHECK(counted(JobKind::move, 100, 10, 0, 0, 0).counts().deletes == 0);
}

TEST_CASE("an older source file is no overwrite: its copy got its time when it was stored") {
  ChangeCount count(kKey, {});
  count.known("a", 5, kThen);
  count.all_known();
  count.source("a", 5, kThen - hours{100});
  CHECK(count.counts().overwrites == 0);
}

TEST_CASE("times that mean different things are not compared") {
  ChangeCount count(kKey, {.compare_times = false});
  count.known("a", 5, kThen);
  count.all_known();
  count.source("a", 5, kThen + hours{100});
  CHECK(count.counts().overwrites == 0);
}

TEST_CASE("a destination that keeps what is replaced needs room for both") {
  ChangeCount count(kKey, {.keeps_replaced = true});
  count.known("a", 100, kThen);
  count.all_known();
  count.source("a", 150, kThen);
  CHECK(count.bytes_needed() == 150);
}

TEST_CASE("what is unusual is held") {
  struct Row {
    std::string what;
    JobKind kind;
    int known, unchanged, resized, newer, fresh;
    bool held;
  };
  const Row rows[] = {
      {"nothing known", JobKind::sync, 0, 0, 0, 0, 50, false},
      {"nothing changed", JobKind::sync, 100, 100, 0, 0, 0, false},
      {"an empty source", JobKind::sync, 100, 0, 0, 0, 0, true},
      {"an empty source of a copy", JobKind::copy, 100, 0, 0, 0, 0, true},
      {"an empty source of a move", JobKind::move, 100, 0, 0, 0, 0, false},
      {"a quarter deleted", JobKind::sync, 100, 75, 0, 0, 0, false},
      {"more than a quarter deleted", JobKind::sync, 100, 74, 0, 0, 0, true},
      {"more than a quarter rewritten in place", JobKind::sync, 100, 70, 0, 30, 0, true},
      {"more than a quarter resized", JobKind::copy, 100, 70, 30, 0, 0, true},
      {"everything renamed, as ransomware does", JobKind::sync, 100, 0, 0, 0, 100, true},
      {"deletions and overwrites together", JobKind::sync, 100, 70, 15, 0, 0, true},
      {"a small set that changes as a whole", JobKind::sync, 9, 0, 9, 0, 0, false},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    GuardReport report =
        counted(row.kind, row.known, row.unchanged, row.resized, row.newer, row.fresh).counts();
    judge_changes(GuardPolicy{}, {}, row.kind, report);
    CHECK(report.held == row.held);
    CHECK(report.reason.empty() != row.held);
  }
}

TEST_CASE("what earlier runs did as well is not unusual") {
  GuardReport report = counted(JobKind::sync, 100, 40, 20, 0, 0).counts();
  LearnedCounts learned;
  learned.deletes = 40;
  learned.overwrites = 20;
  GuardReport same = report;
  judge_changes(GuardPolicy{}, learned, JobKind::sync, same);
  CHECK_FALSE(same.held);
  learned.overwrites = 19;
  same = report;
  judge_changes(GuardPolicy{}, learned, JobKind::sync, same);
  CHECK(same.held);
  learned.overwrites = 20;
  GuardPolicy forgetful;
  forgetful.learn = false;
  judge_changes(forgetful, learned, JobKind::sync, report);
  CHECK(report.held);
}

TEST_CASE("an empty source is unusual even when it was empty before") {
  GuardReport report = counted(JobKind::sync, 100, 0, 0, 0, 0).counts();
  LearnedCounts learned;
  learned.deletes = 1000;
  judge_changes(GuardPolicy{}, learned, JobKind::sync, report);
  CHECK(report.held);
}

TEST_CASE("a guard without limits holds nothing and is off") {
  GuardPolicy none;
  none.max_delete_percent = 100;
  CHECK_FALSE(guard_is_off(none));
  none.empty_source = false;
  CHECK(guard_is_off(none));
  GuardReport report = counted(JobKind::sync, 100, 0, 0, 0, 0).counts();
  judge_changes(none, {}, JobKind::sync, report);
  CHECK_FALSE(report.held);
}

TEST_CASE("more files than fit are counted by a sample of them") {
  ChangeCount count(kKey, {}, 1000);
  constexpr int kFiles = 50'000;
  for (int i = 0; i < kFiles; ++i)
    count.known(name(i), 100, kThen);
  count.all_known();
  for (int i = 0; i < kFiles / 2; ++i)
    count.source(name(i), 100, kThen);
  const GuardReport report = count.counts();
  CHECK(report.known_files == kFiles);
  CHECK(report.source_files == kFiles / 2);
  CHECK(report.deletes > kFiles * 4 / 10);
  CHECK(report.deletes < kFiles * 6 / 10);
  CHECK(report.overwrites == 0);
  CHECK(report.creates == 0);
}

}  // namespace
}  // namespace dray::worker
