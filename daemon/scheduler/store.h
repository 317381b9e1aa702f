// The scheduler's memory: one SQLite database, WAL, synchronous=FULL, written by one connection of
// one process and nobody else. What was committed survives the loss of process and power.
//
// Owner and thread: the service, one thread; every call may block for the time of a disk access.
// Errors: exhausted (disk full: nothing of the transaction is stored), io, corrupt; conflict from
// apply() means that a row of the core contradicts the stored one, which is a bug of the core.
//
// Changing what is stored, step by step:
//   1. Add schemas/sql/NNN_name.sql with the next number. Never edit one that was released.
//   2. Raise kStoreVersion, which a test compares with the files.
//   3. Put a database of the old version under tests/golden/store/ and open it in
//   store_migrate_test.
//   4. Readers (notifier, backups) must understand both shapes until the old one is unsupported.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/actions.h"
#include "daemon/store/rows.h"

namespace dray {

namespace store {
class Db;
}

inline constexpr int kStoreVersion = 5;

struct StoreOptions {
  std::string path;     // of the database; its directory must exist
  std::string program;  // name and version, recorded with migrations
  // Pages the write-ahead log grows to before they are moved into the database (three fsyncs). 4096
  // pages are 16 MiB, some hundred runs one at a time: 0.03 fsyncs per run. It stalls the loop for
  // the 10 to 30 ms that writing 16 MiB takes.
  int wal_pages = 4096;
  // What its file has from the start (4 MiB), so that commits overwrite instead of appending; where
  // much is written it grows once to more. 0: nothing.
  int wal_reserved_pages = 1024;
};

class Store {
 public:
  // Makes, checks and migrates the database (store_migrate.h) and raises the scheduler's epoch.
  // conflict: another drayd holds it.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, WallTime now);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // ── One transaction per loop turn ─────────────────────────────────────────────────────────────
  Status begin();
  bool in_transaction() const;
  // A row of the core. Fenced: a run that has ended, or an attempt that is not the given one, is
  // never changed. Messages (Send..., Reply...) are no rows and are ignored.
  Status apply(const scheduler::Action& action);
  // After a failure the transaction is gone, as after rollback().
  Status commit();
  void rollback();

  // Part of a transaction that can be taken back alone.
  Status savepoint();
  Status release();
  void rollback_to_savepoint();

  // ── Start and rest ────────────────────────────────────────────────────────────────────────────
  Result<Snapshot> load_snapshot(WallTime now);

  // Can the database be written (again)? Commits a new scheduler epoch, because what is loaded
  // after it begins a new life; and SQLite would leave out the write of a value that is there
  // already.
  Status probe_write();
  // Moves the write-ahead log into the database if it holds more than a little. For idle moments.
  Status checkpoint();
  // Deletes up to `limit` old runs and events, oldest first, in a transaction of its own. Returns
  // how many rows went; 0: nothing is left to do.
  Result<size_t> delete_history(WallTime before, size_t limit);
  uint64_t database_bytes() const;  // with the write-ahead log

  // A copy of the database, made in steps so that the loop goes on in between: step_backup() until
  // it returns the copy's size. conflict: `path` exists, or a backup is under way.
  Status start_backup(const std::string& path);
  Result<std::optional<uint64_t>> step_backup();
  void abandon_backup();

  store::Db& db();
  const std::string& path() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Is `action` something that the store keeps? Soft rows need no commit of their own.
enum class RowKind : uint8_t { none, soft, hard };
RowKind row_kind(const scheduler::Action& action);

}  // namespace dray
