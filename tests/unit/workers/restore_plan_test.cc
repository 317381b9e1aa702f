#include "workers/restore_plan.h"

#include <set>

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

TEST_CASE("files are listed by the place they lie in") {
  const TempDir dir;
  RestorePartWriter writer(dir.path(), "dst:b/current", "dst:b/versions");
  REQUIRE(writer.add({"-a", 3, {}, false}, std::nullopt));
  REQUIRE(writer.add({"b\xff", RemoteEntry::kUnknownSize, {}, false}, VersionDir{RunId{7}, 2}));
  REQUIRE(writer.add({"c 'x'", 4, {}, false}, std::nullopt));
  CHECK_FALSE(writer.add({"d\ne", 4, {}, false}, std::nullopt));
  const auto parts = writer.finish();
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  const RestorePart& current = parts->front();
  CHECK(current.from == "dst:b/current");
  CHECK(current.files == 2);
  CHECK(current.bytes == 7);
  CHECK(read_file(current.list, 1000).value() == "-a\nc 'x'\n");
  CHECK(parts->back().from == "dst:b/versions/000000000007.002");
  CHECK(parts->back().bytes == 0);
  CHECK(read_file(parts->back().list, 1000).value() == "b\xff\n");
}

TEST_CASE("a list of any length is written without being held") {
  const TempDir dir;
  RestorePartWriter writer(dir.path(), "dst:", "dst:versions");
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string path = fmt::format("directory/file {}", i);
    REQUIRE(writer.add({path, 1, {}, false}, std::nullopt));
    expected += path + "\n";
  }
  const auto parts = writer.finish();
  REQUIRE(parts);
  CHECK(read_file(parts->front().list, 1 << 20).value() == expected);
}

TEST_CASE("a sample is bounded, the same for the same seed, and another for another") {
  const auto sample = [](uint64_t seed, size_t wanted) {
    RestoreSample chosen(seed, wanted);
    for (int i = 0; i < 1000; ++i)
      chosen.add({fmt::format("f{}", i), 1, {}, false}, std::nullopt);
    std::set<std::string> paths;
    for (const auto& [hash, one] : chosen.chosen())
      paths.insert(one.entry.path);
    return paths;
  };
  CHECK(sample(7, 20).size() == 20);
  CHECK(sample(7, 20) == sample(7, 20));
  CHECK(sample(7, 20) != sample(8, 20));
  CHECK(sample(7, 5000).size() == 1000);
  // Every file is chosen now and then.
  std::set<std::string> all;
  for (uint64_t seed = 1; seed <= 300; ++seed)
    all.merge(sample(seed, 50));
  CHECK(all.size() == 1000);
}

TEST_CASE("a sample is at least one file and at most a thousand") {
  CHECK(RestoreSample::size_for(0, 5) == 1);
  CHECK(RestoreSample::size_for(3, 5) == 1);
  CHECK(RestoreSample::size_for(250, 5) == 12);
  CHECK(RestoreSample::size_for(10, 100) == 10);
  CHECK(RestoreSample::size_for(UINT64_MAX, 100) == 1000);
}

}  // namespace
}  // namespace dray::worker
