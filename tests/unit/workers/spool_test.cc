#include "workers/spool.h"

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

std::vector<AttemptResult> results(uint64_t from, size_t count) {
  std::vector<AttemptResult> list(count);
  for (size_t i = 0; i < count; ++i) {
    list[i].token = {RunId{from + i}, 1, 7};
    list[i].outcome = Outcome::succeeded;
    list[i].hint = "h";
  }
  return list;
}

std::vector<AttemptResult> reload(const std::string& dir, size_t problems_wanted = 0) {
  ResultSpool spool(dir);
  std::vector<std::string> problems;
  auto all = spool.open(problems);
  REQUIRE(all);
  CHECK(problems.size() == problems_wanted);
  return *all;
}

size_t files_in(const std::string& dir) {
  return list_dir(dir).value().size();
}

TEST_CASE("spooled results come back after a restart, also those of many turns") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  REQUIRE(spool.put(results(1, 100)));
  REQUIRE(spool.put(results(200, 1)));
  const auto all = reload(dir / "spool");
  REQUIRE(all.size() == 101);
  CHECK(all[100].token.run == RunId{200});
  CHECK(all[100].hint == "h");
  CHECK(files_in(dir / "spool") == 1);
}

TEST_CASE("when all are removed, the next results take the place of the old ones") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  for (uint64_t turn = 0; turn < 3; ++turn) {
    const size_t count = turn == 0 ? 100 : 3;
    REQUIRE(spool.put(results(1 + 1000 * turn, count)));
    const auto left = reload(dir / "spool");
    REQUIRE(left.size() == count);
    CHECK(left[0].token.run == RunId{1 + 1000 * turn});
    for (const AttemptResult& result : left)
      spool.remove(result.token);
  }
}

TEST_CASE("a file that is full goes when its last result is removed") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  auto large = results(1, 80);
  for (AttemptResult& result : large)
    result.log_excerpt = std::string(16 << 10, 'x');
  REQUIRE(spool.put(large));
  REQUIRE(spool.put(results(200, 1)));
  CHECK(files_in(dir / "spool") == 2);
  CHECK(reload(dir / "spool").size() == 81);
  for (const AttemptResult& result : large)
    spool.remove(result.token);
  CHECK(files_in(dir / "spool") == 1);
  CHECK(reload(dir / "spool").size() == 1);
}

TEST_CASE("results that were cut off while they were written do not harm those before them") {
  TempDir dir;
  const std::string file = dir / "spool/0000000000000001.results";
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  REQUIRE(spool.put(results(1, 2)));
  const std::string whole = read_file(file, 1 << 20).value();
  REQUIRE(spool.put(results(10, 1)));
  const std::string both = read_file(file, 1 << 20).value();
  constexpr size_t kEndMark = 12;
  for (size_t cut = whole.size() - kEndMark + 1; cut < both.size() - kEndMark; ++cut) {
    REQUIRE(write_file_atomic(file, both.substr(0, cut)));
    REQUIRE(reload(dir / "spool", 1).size() == 2);
    // They were moved to a sound file before the damaged one was put aside.
    REQUIRE(reload(dir / "spool").size() == 2);
    REQUIRE(path_exists(file + ".damaged"));
    REQUIRE(remove_tree(dir / "spool"));
    REQUIRE(ensure_private_dir(dir / "spool"));
  }
}

TEST_CASE("a damaged file is put aside and the others count") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  REQUIRE(spool.put(results(1, 1)));
  REQUIRE(write_file_atomic(dir / "spool/00000000000000ff.results", "nonsense of some length"));
  CHECK(reload(dir / "spool", 1).size() == 1);
  CHECK(reload(dir / "spool", 0).size() == 1);
  CHECK(path_exists(dir / "spool/00000000000000ff.results.damaged"));
}

TEST_CASE("the epoch rises with every start, and even when it was lost or the clock went back") {
  TempDir dir;
  const WallTime now = from_unix_us(1'700'000'000'000'000);
  CHECK(next_epoch(dir / "s", now).value() == 1'700'000'000);
  CHECK(next_epoch(dir / "s", now).value() == 1'700'000'001);
  CHECK(next_epoch(dir / "s", from_unix_us(0)).value() == 1'700'000'002);
  REQUIRE(remove_tree(dir / "s"));
  CHECK(next_epoch(dir / "s", now + hours{1}).value() > 1'700'000'002);
}

}  // namespace
}  // namespace dray::worker
