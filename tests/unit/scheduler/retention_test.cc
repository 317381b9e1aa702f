#include "daemon/scheduler/retention.h"

#include <algorithm>
#include <random>

#include "tests/support/catch.h"

namespace dray::scheduler {
namespace {

constexpr WallTime kNow = WallTime{microseconds{int64_t{1'800'000'000} * 1'000'000}};

VersionRow version(uint64_t run, int days_ago, bool good = true) {
  VersionRow row;
  row.ref.run = RunId{run};
  row.ref.at = kNow - std::chrono::days{days_ago};
  row.good = good;
  return row;
}

std::vector<uint64_t> kept(const RetentionPolicy& policy, const std::vector<VersionRow>& versions) {
  std::vector<uint64_t> runs;
  for (const RetentionChoice& choice : choose_versions(policy, versions, kNow))
    if (choice.keep) runs.push_back(choice.run.value);
  return runs;
}

TEST_CASE("retention keeps what its rules say, and never less than the floor") {
  const std::vector<VersionRow> daily = {version(1, 40), version(2, 31), version(3, 30),
                                         version(4, 29), version(5, 1),  version(6, 0)};
  std::vector<VersionRow> bad_end = daily;
  bad_end.push_back(version(7, 0, false));
  bad_end.push_back(version(8, 0, false));
  struct Row {
    std::string_view what;
    RetentionPolicy policy;
    const std::vector<VersionRow>& versions;
    std::vector<uint64_t> kept;
  };
  const Row rows[] = {
      {"no rule", {0, 0, 1}, daily, {6, 5, 4, 3, 2, 1}},
      {"last 2", {2, 0, 1}, daily, {6, 5}},
      {"30 days", {0, 30, 1}, daily, {6, 5, 4}},
      {"both: gone only when both let it go", {4, 30, 1}, daily, {6, 5, 4, 3}},
      {"both, the other way round", {1, 31, 1}, daily, {6, 5, 4, 3}},
      {"floor above the rules", {1, 0, 3}, daily, {6, 5, 4}},
      {"bad states count for nothing", {2, 0, 1}, bad_end, {8, 7, 6, 5}},
      {"the last good ones stay behind bad ones", {1, 0, 1}, bad_end, {8, 7, 6}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(kept(row.policy, row.versions) == row.kept);
  }
}

TEST_CASE("a row of bad runs pushes out no good copy") {
  std::vector<VersionRow> versions = {version(1, 20)};
  for (uint64_t run = 2; run <= 20; ++run)
    versions.push_back(version(run, 20 - static_cast<int>(run), false));
  CHECK(std::ranges::count(kept({1, 1, 1}, versions), 1u) == 1);
}

TEST_CASE("a pinned state stays and says why") {
  std::vector<VersionRow> versions = {version(1, 400), version(2, 300), version(3, 0)};
  versions[0].pinned = "before the move";
  const auto choices = choose_versions({1, 0, 1}, versions, kNow);
  REQUIRE(choices.size() == 3);
  CHECK(choices[2].keep);
  CHECK(choices[2].why == "pinned: before the move");
  CHECK_FALSE(choices[1].keep);
  CHECK(choices[1].why == "1 newer good states");
}

TEST_CASE("what is being removed goes on going and counts for nothing") {
  std::vector<VersionRow> versions = {version(1, 5), version(2, 4), version(3, 3)};
  versions[2].state = VersionState::pruning;
  versions[2].prune_run = RunId{9};
  CHECK(kept({2, 0, 1}, versions) == std::vector<uint64_t>{2, 1});
}

TEST_CASE("the newest state and the floor always stay, whatever the clock says") {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<VersionRow> versions;
    const int count = 1 + static_cast<int>(random() % 12);
    for (int i = 1; i <= count; ++i)
      versions.push_back(version(static_cast<uint64_t>(i), static_cast<int>(random() % 900) - 300,
                                 random() % 3 != 0));
    const RetentionPolicy policy{static_cast<uint32_t>(random() % 4),
                                 static_cast<uint32_t>(random() % 50),
                                 static_cast<uint32_t>(random() % 4)};
    const std::vector<uint64_t> runs = kept(policy, versions);
    REQUIRE(std::ranges::count(runs, static_cast<uint64_t>(count)) == 1);
    size_t good = 0;
    for (auto it = versions.rbegin(); it != versions.rend(); ++it)
      if (it->good && good++ < policy.floor)
        REQUIRE(std::ranges::count(runs, it->ref.run.value) == 1);
  }
}

}  // namespace
}  // namespace dray::scheduler
