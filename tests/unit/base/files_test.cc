#include "daemon/base/files.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

TEST_CASE("a descriptor is closed once, when its owner goes") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  {
    UniqueFd first{ends[0]};
    UniqueFd second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.get() == ends[0]);
    second.reset();
    CHECK(fcntl(ends[0], F_GETFD) == -1);
    UniqueFd given{ends[1]};
    CHECK(given.release() == ends[1]);
  }
  CHECK(fcntl(ends[1], F_GETFD) != -1);
  close(ends[1]);
}

TEST_CASE("a file is read whole or refused") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "f", "12345"));
  CHECK(*read_file(dir / "f", 5) == "12345");
  CHECK(read_file(dir / "f", 4).error().code == ErrorCode::exhausted);
  CHECK(read_file(dir / "none", 4).error().code == ErrorCode::not_found);
  CHECK(read_file(dir.path(), 4).error().code == ErrorCode::invalid);
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(read_file(dir / "pipe", 4).error().code == ErrorCode::invalid);
  CHECK_FALSE(read_file("/proc/self/status", 1 << 20)->empty());
}

TEST_CASE("a file is replaced whole, with the mode asked for, and nothing is left beside it") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "f", "old"));
  REQUIRE(write_file_atomic(dir / "f", "new", 0640));
  CHECK(*read_file(dir / "f", 100) == "new");
  CHECK(mode_of(dir / "f") == 0640);
  CHECK(*list_dir(dir.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a failed replacement leaves the target and no temporary file") {
  const TempDir dir;
  REQUIRE(mkdir((dir / "target").c_str(), 0700) == 0);
  CHECK_FALSE(write_file_atomic(dir / "target", "x"));
  CHECK(*list_dir(dir.path()) == std::vector<std::string>{"target"});
  CHECK(write_file_atomic(dir / "no/such/dir", "x").error().code == ErrorCode::not_found);
}

TEST_CASE("a symbolic link is replaced, not written through") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "victim", "safe"));
  REQUIRE(symlink((dir / "victim").c_str(), (dir / "link").c_str()) == 0);
  REQUIRE(write_file_atomic(dir / "link", "new"));
  CHECK(*read_file(dir / "victim", 100) == "safe");
  CHECK(*read_file(dir / "link", 100) == "new");
}

TEST_CASE("a private directory is made with its parents and narrowed when too wide") {
  const TempDir dir;
  REQUIRE(ensure_private_dir(dir / "a/b/c"));
  CHECK(mode_of(dir / "a/b/c") == 0700);
  REQUIRE(chmod((dir / "a/b/c").c_str(), 0755) == 0);
  REQUIRE(ensure_private_dir(dir / "a/b/c"));
  CHECK(mode_of(dir / "a/b/c") == 0700);
}

TEST_CASE("a private directory is refused where a link or a file stands") {
  const TempDir dir;
  REQUIRE(mkdir((dir / "real").c_str(), 0700) == 0);
  REQUIRE(symlink((dir / "real").c_str(), (dir / "link").c_str()) == 0);
  REQUIRE(write_file_atomic(dir / "file", ""));
  CHECK(ensure_private_dir(dir / "link").error().code == ErrorCode::denied);
  CHECK(ensure_private_dir(dir / "file").error().code == ErrorCode::denied);
}

TEST_CASE("a directory for sockets keeps its group but nobody else may enter") {
  const TempDir dir;
  REQUIRE(ensure_socket_dir(dir / "new"));
  CHECK(mode_of(dir / "new") == 0700);
  REQUIRE(mkdir((dir / "shared").c_str(), 0700) == 0);
  REQUIRE(chmod((dir / "shared").c_str(), 02750) == 0);
  REQUIRE(ensure_socket_dir(dir / "shared"));
  CHECK(mode_of(dir / "shared") == 02750);
  for (const mode_t wide : {mode_t{0751}, mode_t{0770}, mode_t{0755}}) {
    REQUIRE(chmod((dir / "shared").c_str(), wide) == 0);
    CHECK(ensure_socket_dir(dir / "shared").error().code == ErrorCode::denied);
  }
}

TEST_CASE("only a socket is opened to its group") {
  const TempDir dir;
  const UniqueFd fd{socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (dir / "s").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(share_socket(dir / "s"));
  CHECK(mode_of(dir / "s") == 0660);
  REQUIRE(write_file_atomic(dir / "f", ""));
  CHECK(share_socket(dir / "f").error().code == ErrorCode::invalid);
}

TEST_CASE("a tree is removed without following links out of it") {
  const TempDir dir;
  REQUIRE(ensure_private_dir(dir / "outside"));
  REQUIRE(write_file_atomic(dir / "outside/keep", "x"));
  REQUIRE(ensure_private_dir(dir / "tree/deep/er"));
  REQUIRE(write_file_atomic(dir / "tree/deep/f\n", "x"));
  REQUIRE(symlink((dir / "outside").c_str(), (dir / "tree/deep/link").c_str()) == 0);
  REQUIRE(remove_tree(dir / "tree"));
  CHECK(*list_dir(dir.path()) == std::vector<std::string>{"outside"});
  CHECK(path_exists(dir / "outside/keep"));
  CHECK(remove_tree(dir / "tree"));  // gone already
  REQUIRE(symlink((dir / "outside").c_str(), (dir / "link").c_str()) == 0);
  REQUIRE(remove_tree(dir / "link"));
  CHECK(path_exists(dir / "outside/keep"));
}

TEST_CASE("parents and free space are found") {
  CHECK(parent_dir("/a/b") == "/a");
  CHECK(parent_dir("/a") == "/");
  CHECK(parent_dir("a") == ".");
  CHECK(*free_bytes("/") > 0);
  CHECK(free_bytes("/no/such/path").error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace dray
