#include "daemon/scheduler/store_migrate.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/scheduler/store_rig.h"

namespace dray {
namespace {

void execute(const std::string& path, const std::string& sql) {
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
}

std::string refusal(StoreRig& rig) {
  const auto opened = rig.open();
  return opened ? "opened" : opened.error().message;
}

TEST_CASE("A second drayd on the same database is refused") {
  StoreRig rig;
  const auto second = rig.open();
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message == "another drayd is using " + rig.path +
                                      ": stop it, or name another database in scheduler.database");
}

TEST_CASE("A database of a newer program is refused and left alone") {
  StoreRig rig;
  rig.store.reset();
  execute(rig.path, "PRAGMA user_version = 99");
  CHECK(refusal(rig) ==
        fmt::format("database {} has version 99, this program knows {}: it was used by a newer "
                    "Drayage. Install that one again, or restore a backup that is older",
                    rig.path, kStoreVersion));
  execute(rig.path, fmt::format("PRAGMA user_version = {}", kStoreVersion));
  CHECK(refusal(rig) == "opened");
}

TEST_CASE("A database of another program is refused") {
  StoreRig rig(false);
  execute(rig.path, "CREATE TABLE notes (text TEXT)");
  CHECK(refusal(rig) ==
        rig.path + " is a database of another program; name another file in scheduler.database");
}

TEST_CASE("A damaged database is refused, naming the newest backup") {
  StoreRig rig;
  REQUIRE(rig.store->begin());
  for (uint64_t i = 1; i <= 200; ++i)
    REQUIRE(rig.store->apply(scheduler::InsertRun{a_run(i)}));
  REQUIRE(rig.store->commit());
  rig.store.reset();
  execute(rig.dir / "dray.db.before-001", "CREATE TABLE t (x)");
  const int fd = ::open(rig.path.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  // The root page of a table, all but the schema's page.
  const std::string rubbish(8192, '\x5a');
  REQUIRE(::pwrite(fd, rubbish.data(), rubbish.size(), 4096 * 3) == 8192);
  ::close(fd);
  const auto opened = rig.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::corrupt);
  CHECK(opened.error().message.find("dray.db.before-001, in its place") != std::string::npos);
}

TEST_CASE("A file that is no database is refused") {
  StoreRig rig(false);
  REQUIRE(write_file_atomic(rig.path, std::string(5000, 'x')));
  const auto opened = rig.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::corrupt);
}

TEST_CASE("Every start raises the epoch") {
  StoreRig rig;
  const uint64_t first = rig.store->load_snapshot(kNoon)->scheduler_epoch;
  rig.reopen();
  CHECK(rig.store->load_snapshot(kNoon)->scheduler_epoch == first + 1);
}

}  // namespace
}  // namespace dray
