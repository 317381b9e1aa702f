#include "workers/progress.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "workers/rclone_log.h"

namespace dray {
namespace {

constexpr int64_t kMB = 1'000'000;

Instant at(int second) {
  return Instant{} + hours(1) + seconds(second);
}

StatsRecord transfers(int64_t bytes, int64_t total_bytes, int64_t files, int64_t total_files) {
  StatsRecord stats;
  stats.bytes = bytes;
  stats.total_bytes = total_bytes;
  stats.transfers = files;
  stats.total_transfers = total_files;
  return stats;
}

TEST_CASE("a run passes its phases in order") {
  ProgressModel model;
  CHECK(model.snapshot(at(0)).phase == Phase::queued);
  model.start(at(0));
  CHECK(model.snapshot(at(1)).phase == Phase::preparing);
  StatsRecord stats;
  stats.checks = 10;
  stats.total_checks = 20;
  model.on_stats(stats, at(1));
  CHECK(model.snapshot(at(1)).phase == Phase::listing);
  model.on_stats(transfers(0, 5 * kMB, 0, 2), at(2));
  CHECK(model.snapshot(at(2)).phase == Phase::transferring);
  StatsRecord deleting = transfers(5 * kMB, 5 * kMB, 2, 2);
  deleting.deletes = 3;
  model.on_stats(deleting, at(3));
  CHECK(model.snapshot(at(3)).phase == Phase::deleting);
  CHECK_FALSE(model.snapshot(at(3)).totals_are_lower_bounds);
  model.on_stats(transfers(0, 9 * kMB, 0, 9), at(4));
  CHECK(model.snapshot(at(4)).phase == Phase::deleting);
  model.finish(at(5), true);
  const Progress done = model.snapshot(at(60));
  CHECK(done.phase == Phase::done);
  CHECK(done.percent == 100);
  CHECK(done.elapsed_ms == 5000);
  CHECK(done.files.empty());
}

TEST_CASE("percent never falls, whatever the totals do") {
  ProgressModel model;
  model.start(at(0));
  double before = 0;
  const StatsRecord records[] = {
      transfers(1 * kMB, 1 * kMB, 1, 1),
      transfers(1 * kMB, 900 * kMB, 1, 500),
      transfers(90 * kMB, 900 * kMB, 9, 500),
      transfers(90 * kMB, 100 * kMB, 9, 20),
      transfers(0, 0, 0, 0),
      transfers(95 * kMB, 900 * kMB, 9, 500),
  };
  int second = 0;
  for (int round = 0; round < 3; ++round) {
    for (const StatsRecord& stats : records) {
      model.on_stats(stats, at(second += 3));
      const double percent = model.snapshot(at(second)).percent;
      CHECK(percent >= before);
      CHECK(percent < 100);
      before = percent;
    }
  }
  model.finish(at(100), false);
  CHECK(model.snapshot(at(100)).percent == before);
}

TEST_CASE("totals are lower bounds until they stand still, and hold the percent down") {
  ProgressModel model;
  model.start(at(0));
  model.on_stats(transfers(9 * kMB, 10 * kMB, 9, 10), at(1));
  CHECK(model.snapshot(at(1)).totals_are_lower_bounds);
  CHECK(model.snapshot(at(1)).percent <= 50);
  CHECK(model.snapshot(at(1)).eta_seconds == -1);
  model.on_stats(transfers(9 * kMB + 1, 10 * kMB, 9, 10), at(6));
  CHECK_FALSE(model.snapshot(at(6)).totals_are_lower_bounds);
  CHECK(model.snapshot(at(6)).percent > 50);
  CHECK(model.snapshot(at(6)).eta_seconds > 0);
}

TEST_CASE("speed is an average that follows a change and decays when nothing moves") {
  ProgressModel model;
  model.start(at(0));
  int second = 0;
  for (int64_t i = 1; i <= 60; ++i)
    model.on_stats(transfers(i * kMB, 1000 * kMB, 0, 1), at(++second));
  CHECK(model.snapshot(at(second)).bytes_per_second == Approx(kMB).epsilon(0.01));
  for (int64_t i = 1; i <= 30; ++i)
    model.on_stats(transfers(60 * kMB + i * 8 * kMB, 1000 * kMB, 0, 1), at(++second));
  CHECK(model.snapshot(at(second)).bytes_per_second == Approx(8 * kMB).epsilon(0.06));
  CHECK(model.snapshot(at(second)).eta_seconds == Approx(92).margin(6));
  for (int i = 0; i < 60; ++i)
    model.on_stats(transfers(300 * kMB, 1000 * kMB, 0, 1), at(++second));
  CHECK(model.snapshot(at(second)).bytes_per_second < kMB / 10);
}

TEST_CASE("the stall watch sees the last movement of any counter") {
  ProgressModel model;
  model.start(at(0));
  CHECK(model.stalled_since() == at(0));
  model.on_stats({}, at(10));
  CHECK(model.stalled_since() == at(0));
  int second = 10;
  int64_t StatsRecord::*const counters[] = {
      &StatsRecord::bytes,        &StatsRecord::checks,       &StatsRecord::transfers,
      &StatsRecord::deletes,      &StatsRecord::renames,      &StatsRecord::listed,
      &StatsRecord::total_checks, &StatsRecord::deleted_dirs, &StatsRecord::server_side_copies,
      &StatsRecord::total_bytes,
  };
  StatsRecord stats;
  for (auto counter : counters) {
    stats.*counter += 1;
    model.on_stats(stats, at(++second));
    CHECK(model.stalled_since() == at(second));
    model.on_stats(stats, at(second + 100));
    CHECK(model.stalled_since() == at(second));
    second += 100;
  }
  const TransferringFile file{
      .name = "a", .size = 9, .bytes = 4, .percent = 44, .bytes_per_second = 1};
  stats.transferring = {&file, 1};
  model.on_stats(stats, at(++second));
  CHECK(model.stalled_since() == at(second));
}

TEST_CASE("current files are capped in number and length") {
  ProgressModel model;
  model.start(at(0));
  std::string name;
  for (int i = 0; i < 400; ++i)
    name += "ü";
  const std::vector<TransferringFile> files(40,
                                            {.name = name, .size = 10, .bytes = 5, .percent = 50});
  StatsRecord stats = transfers(5, 10, 0, 40);
  stats.transferring = files;
  model.on_stats(stats, at(1));
  const Progress progress = model.snapshot(at(1));
  REQUIRE(progress.files.size() == Progress::kMaxFiles);
  CHECK(progress.files[0].name.size() <= ProgressModel::kMaxName);
  CHECK(progress.files[0].name.size() % 2 == 0);
  CHECK(progress.files[0].percent == 50);
}

TEST_CASE("absurd counters neither overflow nor break the percent") {
  ProgressModel model;
  model.start(at(0));
  const int64_t most = StatsRecord::kMaxCount;
  const std::vector<TransferringFile> files(64, {.name = "x", .size = most, .bytes = most});
  StatsRecord stats = transfers(most, 0, most, 0);
  stats.checks = stats.total_checks = stats.deletes = stats.listed = stats.renames = most;
  stats.transferring = files;
  for (int i = 1; i < 20; ++i)
    model.on_stats(stats, at(i / 2));
  CHECK(model.snapshot(at(20)).percent <= 100);
}

TEST_CASE("a recorded run of 22 seconds shows steady progress") {
  std::ifstream in(std::filesystem::path(DRAY_SOURCE_DIR) /
                   "tests/golden/rclone/large-slow-bwlimit.jsonl");
  const std::string log{std::istreambuf_iterator<char>(in), {}};
  struct Feeder final : LogHandler {
    void on_stats(const LogLine&, const StatsRecord& stats) override {
      const Instant now = at(0) + milliseconds(static_cast<int64_t>(stats.elapsed_seconds * 1000));
      model.on_stats(stats, now);
      pictures.push_back(model.snapshot(now));
    }
    ProgressModel model;
    std::vector<Progress> pictures;
  } feeder;
  feeder.model.start(at(0));
  LogReader reader;
  reader.feed(log, feeder);
  REQUIRE(feeder.pictures.size() > 20);
  const Progress& late = feeder.pictures[15];
  CHECK(late.phase == Phase::transferring);
  CHECK(late.bytes_per_second == Approx(1048576).epsilon(0.1));
  CHECK(late.percent > 55);
  CHECK(late.eta_seconds == Approx(6).margin(2));
  CHECK(late.files.size() == 1);
  CHECK(feeder.pictures.back().percent > 94);
}

}  // namespace
}  // namespace dray
