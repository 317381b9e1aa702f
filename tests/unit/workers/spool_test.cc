#include "workers/spool.h"

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

TEST_CASE("spooled results come back after a restart until they are removed") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  REQUIRE(spool.put(results(1, 100)));
  REQUIRE(spool.put(results(200, 1)));
  CHECK(reload(dir / "spool").size() == 101);
  for (const AttemptResult& result : results(1, 100))
    spool.remove(result.token);
  const auto left = reload(dir / "spool");
  REQUIRE(left.size() == 1);
  CHECK(left[0].token.run == RunId{200});
  CHECK(left[0].hint == "h");
}

TEST_CASE("a damaged file is put aside and the others count") {
  TempDir dir;
  std::vector<std::string> problems;
  ResultSpool spool(dir / "spool");
  REQUIRE(spool.open(problems));
  REQUIRE(spool.put(results(1, 1)));
  REQUIRE(write_file_atomic(dir / "spool/00000000000000ff.results", "nonsense"));
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
