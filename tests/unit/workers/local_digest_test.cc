#include "workers/local_digest.h"

#include <sys/stat.h>

#include <optional>

#include "daemon/base/digest.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

Result<FileDigest> digest_of(const std::string& path) {
  EventLoop loop;
  std::optional<Result<FileDigest>> found;
  LocalDigest digest(loop, path, [&found](Result<FileDigest> read) { found = std::move(read); });
  while (!found)
    loop.run_turn();
  return *found;
}

TEST_CASE("a file of this machine is told by its size and SHA-256") {
  const TempDir dir;
  const std::string content(3'000'001, 'x');
  REQUIRE(write_file_atomic(dir / "file", content));
  const Result<FileDigest> found = digest_of(dir / "file");
  REQUIRE(found);
  CHECK(found->size == content.size());
  CHECK(found->sha256 == to_hex(sha256(content)));
}

TEST_CASE("an empty file has a digest too") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "file", ""));
  CHECK(digest_of(dir / "file")->sha256 == to_hex(sha256("")));
}

TEST_CASE("a file that is gone is told apart from one that cannot be read") {
  const TempDir dir;
  CHECK(digest_of(dir / "gone").error().code == ErrorCode::not_found);
  REQUIRE(mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(digest_of(dir / "fifo").error().code == ErrorCode::conflict);
  REQUIRE(symlink((dir / "gone").c_str(), (dir / "link").c_str()) == 0);
  CHECK_FALSE(digest_of(dir / "link"));
}

TEST_CASE("a digest that nobody waits for any more calls nobody") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "file", std::string(20'000'000, 'x')));
  EventLoop loop;
  bool called = false;
  {
    const LocalDigest digest(loop, dir / "file", [&called](const auto&) { called = true; });
  }
  loop.run_turn(false);
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace dray::worker
