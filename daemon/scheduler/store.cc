#include "daemon/scheduler/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/scheduler/store_migrate.h"
#include "daemon/scheduler/store_snapshot.h"
#include "daemon/scheduler/store_wal.h"
#include "daemon/store/store_db.h"
#include "daemon/store/store_rows.h"
#include "daemon/store/store_versions.h"

namespace dray {
namespace {

using store::Db;
using store::guarded;

// A write-ahead log of this many pages is worth three fsyncs when nothing else is to be done; less
// waits.
constexpr int kIdleCheckpointPages = 256;
// 4 MiB per step: about 10 ms.
constexpr int kBackupPagesPerStep = 1024;
// Nobody else writes; this covers a reader that opens the file at the very same moment.
constexpr int kBusyTimeoutMs = 2'000;

Result<UniqueFd> lock_database(const std::string& path) {
  const std::string name = path + ".lock";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, name);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK)
    return fail(ErrorCode::conflict,
                "another drayd is using {}: stop it, or name another database in "
                "scheduler.database",
                path);
  return fail_errno(errno, name);
}

uint64_t file_bytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

struct BackupCloser {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

}  // namespace

struct Store::Impl {
  StoreOptions options;
  UniqueFd lock;
  std::unique_ptr<Db> db;
  std::optional<store::WriteAheadLog> wal;
  bool in_transaction = false;
  std::string backup_path;
  std::unique_ptr<SQLite::Database> backup_target;
  std::unique_ptr<sqlite3_backup, BackupCloser> backup;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() {
  abandon_backup();
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, WallTime now) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  DRAY_TRY_ASSIGN(impl->lock, lock_database(options.path));
  const std::string what = fmt::format("open database {}", options.path);
  const Status opened = guarded(what, [&]() -> Status {
    impl->db = std::make_unique<Db>(options.path);
    // The notifier reads it as a member of the group; the log beside it is made with the same
    // rights. Whether anybody else can reach the directory is decided by that. A database that is
    // no file (SQLite's VFS decides) has no rights.
    if (::chmod(options.path.c_str(), 0640) != 0 && errno != ENOENT)
      return fail_errno(errno, options.path);
    Db& db = *impl->db;
    sqlite3_busy_timeout(db.handle(), kBusyTimeoutMs);
    db.exec("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON");
    DRAY_TRY(store::prepare_database(db, options.path, options.program, now));
    if (db.pragma("journal_mode = WAL") != "wal")
      return fail(ErrorCode::io, "{}: its file system cannot hold a write-ahead log", options.path);
    db.exec(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; "
        "PRAGMA journal_size_limit = 67108864");
    impl->wal.emplace(db, options.wal_pages);
    auto raise = db.query(
        "UPDATE counters SET value = value + 1 WHERE name = 'scheduler_epoch' RETURNING value");
    if (!raise.next()) return fail(ErrorCode::corrupt, "{}: it counts no starts", options.path);
    raise.next();
    // A disk without room for it is no reason to stay down: commits are only slower.
    if (const Status ready = impl->wal->reserve(options.wal_reserved_pages); !ready) return {};
    return {};
  });
  if (!opened) return std::unexpected(opened.error());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

// ── Transactions ────────────────────────────────────────────────────────────────────────────────

Status Store::begin() {
  return guarded("begin", [this]() -> Status {
    impl_->db->query("BEGIN IMMEDIATE").run();
    impl_->in_transaction = true;
    return {};
  });
}

bool Store::in_transaction() const {
  // SQLite ends a transaction by itself after some errors, a full disk for one.
  return impl_->in_transaction && sqlite3_get_autocommit(impl_->db->handle()) == 0;
}

Status Store::commit() {
  const Status status = guarded("commit", [this]() -> Status {
    impl_->db->query("COMMIT").run();
    impl_->in_transaction = false;
    return {};
  });
  if (!status) rollback();
  return status;
}

void Store::rollback() {
  impl_->in_transaction = false;
  // SQLite itself has rolled back after some errors: then there is nothing left to do.
  if (sqlite3_get_autocommit(impl_->db->handle()) != 0) return;
  impl_->db->connection().tryExec("ROLLBACK");
}

Status Store::savepoint() {
  return guarded("begin", [this]() -> Status {
    impl_->db->query("SAVEPOINT part").run();
    return {};
  });
}

Status Store::release() {
  return guarded("change", [this]() -> Status {
    impl_->db->query("RELEASE part").run();
    return {};
  });
}

void Store::rollback_to_savepoint() {
  impl_->db->connection().tryExec("ROLLBACK TO part; RELEASE part");
}

namespace {

// Returns false when a fence held that the core believed open.
struct RowWriter {
  Db& db;
  bool operator()(const scheduler::InsertRun& row) { return store::insert_run(db, row.run), true; }
  bool operator()(const scheduler::UpdateRun& row) { return store::update_run(db, row.run); }
  bool operator()(const scheduler::InsertAttempt& row) {
    return store::insert_attempt(db, row.attempt), true;
  }
  bool operator()(const scheduler::EndAttempt& row) { return store::end_attempt(db, row.attempt); }
  bool operator()(const scheduler::AddEvent& row) { return store::add_event(db, row.event), true; }
  bool operator()(const scheduler::AddCancelRequest& row) {
    db.query("INSERT INTO cancel_requests (run, at, reason, asked_by) VALUES (?, ?, ?, ?)")
        .bind(row.run, row.at, row.reason, row.asked_by)
        .run();
    return true;
  }
  bool operator()(const scheduler::UpdateJobDue& row) {
    db.query("UPDATE job_states SET high_water = max(high_water, ?), next_due = ? WHERE job = ?")
        .bind(row.high_water, store::OrNull{row.next_due.value_or(WallTime{})}, row.job)
        .run();
    return true;
  }
  bool operator()(const scheduler::PutWorker& row) {
    return store::put_worker(db, row.worker), true;
  }
  bool operator()(const scheduler::StoreProgress& row) {
    return store::store_progress(db, row.token, row.state, row.progress, row.at), true;
  }
  bool operator()(const scheduler::PutVersion& row) { return kept(versions.put(row.version)); }
  bool operator()(const scheduler::MarkPruning& row) {
    return kept(versions.mark_pruning(row.run, row.versions));
  }
  bool operator()(const scheduler::EndPrune& row) {
    return kept(versions.end_prune(row.run, row.at));
  }
  bool operator()(const scheduler::AddDeletions& row) {
    return kept(versions.add_deletions(row.run, row.job, row.at, row.deleted));
  }
  bool operator()(const scheduler::MarkDrill& row) {
    return kept(versions.mark_drill(row.job, row.at));
  }
  template <class Message>
  bool operator()(const Message&) {
    return true;
  }

  bool kept(Status status) {
    failure = std::move(status);
    return true;
  }
  store::Versions versions{db};
  Status failure{};
};

struct KindOf {
  RowKind operator()(const scheduler::UpdateRun& row) const { return soft(row.soft); }
  RowKind operator()(const scheduler::AddEvent& row) const { return soft(row.soft); }
  RowKind operator()(const scheduler::StoreProgress&) const { return RowKind::soft; }
  RowKind operator()(const scheduler::InsertRun&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::InsertAttempt&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::EndAttempt&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::AddCancelRequest&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::UpdateJobDue&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::PutWorker&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::PutVersion&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::MarkPruning&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::EndPrune&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::AddDeletions&) const { return RowKind::hard; }
  RowKind operator()(const scheduler::MarkDrill&) const { return RowKind::hard; }
  template <class Message>
  RowKind operator()(const Message&) const {
    return RowKind::none;
  }
  static RowKind soft(bool is_soft) { return is_soft ? RowKind::soft : RowKind::hard; }
};

}  // namespace

RowKind row_kind(const scheduler::Action& action) {
  return std::visit(KindOf{}, action);
}

Status Store::apply(const scheduler::Action& action) {
  return guarded("store", [&]() -> Status {
    RowWriter writer{*impl_->db};
    if (std::visit(writer, action)) return std::move(writer.failure);
    return fail(ErrorCode::conflict, "a run that has ended or moved on cannot be changed");
  });
}

// ── Rest ────────────────────────────────────────────────────────────────────────────────────────

Status Store::probe_write() {
  return guarded("write", [this]() -> Status {
    impl_->db->query("UPDATE counters SET value = value + 1 WHERE name = 'scheduler_epoch'").run();
    return {};
  });
}

Status Store::checkpoint() {
  return guarded("checkpoint", [this]() -> Status {
    return impl_->wal->pages() < kIdleCheckpointPages ? Status{} : impl_->wal->checkpoint();
  });
}

uint64_t Store::database_bytes() const {
  return file_bytes(impl_->options.path) + file_bytes(impl_->options.path + "-wal");
}

Status Store::start_backup(const std::string& path) {
  if (impl_->backup) return fail(ErrorCode::conflict, "a backup is already being written");
  if (path_exists(path))
    return fail(ErrorCode::conflict, "{} exists already; name a new file", path);
  return guarded(fmt::format("back up to {}", path), [&]() -> Status {
    impl_->backup_target = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOFOLLOW);
    impl_->backup_path = path;
    impl_->backup.reset(sqlite3_backup_init(impl_->backup_target->getHandle(), "main",
                                            impl_->db->handle(), "main"));
    if (impl_->backup) return {};
    abandon_backup();
    return fail(ErrorCode::io, "back up to {}: it cannot be written", path);
  });
}

Result<std::optional<uint64_t>> Store::step_backup() {
  if (!impl_->backup) return fail(ErrorCode::conflict, "no backup is being written");
  const int rc = sqlite3_backup_step(impl_->backup.get(), kBackupPagesPerStep);
  if (rc == SQLITE_OK) return std::nullopt;
  if (rc == SQLITE_DONE) {
    impl_->backup.reset();
    impl_->backup_target.reset();
    return file_bytes(impl_->backup_path);
  }
  const std::string why = sqlite3_errstr(rc);
  abandon_backup();
  return fail(ErrorCode::io, "back up: {}", why);
}

void Store::abandon_backup() {
  if (!impl_ || !impl_->backup_target) return;
  impl_->backup.reset();
  impl_->backup_target.reset();
  if (const Status removed = remove_tree(impl_->backup_path); !removed) return;
}

Result<Snapshot> Store::load_snapshot(WallTime now) {
  return store::load_snapshot(*impl_->db, now);
}

Result<size_t> Store::delete_history(WallTime before, size_t limit) {
  return store::delete_history(*impl_->db, before, limit);
}

Db& Store::db() {
  return *impl_->db;
}
const std::string& Store::path() const {
  return impl_->options.path;
}

}  // namespace dray
