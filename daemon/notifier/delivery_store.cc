#include "daemon/notifier/delivery_store.h"

#include "daemon/notifier/delivery_store_impl.h"
#include "schemas/json_fields.h"

namespace dray::notify {
namespace {

constexpr int64_t kApplicationId = 0x44524E54;  // "DRNT"
constexpr int64_t kVersion = 1;

constexpr const char* kSchema = R"(
CREATE TABLE cursor (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  sequence    INTEGER NOT NULL,
  quiet_until INTEGER NOT NULL
) STRICT;

CREATE TABLE job_states (
  job             TEXT PRIMARY KEY,
  client          TEXT NOT NULL,
  active          INTEGER NOT NULL,
  active_since    INTEGER NOT NULL,
  failures        INTEGER NOT NULL,
  failing_since   INTEGER,
  last_success_at INTEGER,
  overdue         TEXT NOT NULL  -- JSON list of rules
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  event      INTEGER NOT NULL,  -- NotifyEvent
  state      INTEGER NOT NULL,  -- DeliveryState
  sequence   INTEGER NOT NULL,
  event_at   INTEGER NOT NULL,
  client     TEXT NOT NULL,
  job        TEXT NOT NULL,
  run        INTEGER NOT NULL,
  rule       INTEGER NOT NULL,
  channel    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  message_id TEXT NOT NULL,
  subject    TEXT NOT NULL,
  text       TEXT NOT NULL,
  html       TEXT NOT NULL,
  payload    TEXT NOT NULL,
  owner      TEXT NOT NULL,
  attempts   INTEGER NOT NULL,
  next_at    INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  digest     INTEGER NOT NULL,
  to_mark    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 1;
CREATE INDEX deliveries_collected ON deliveries (channel, recipient, created_at) WHERE state = 5;
CREATE INDEX deliveries_recent ON deliveries (channel, created_at);
CREATE INDEX deliveries_to_mark ON deliveries (run) WHERE to_mark = 1;
CREATE INDEX deliveries_folded ON deliveries (digest) WHERE state = 6;
-- A sequence means something together with its time: a restored dray.db gives numbers out again.
CREATE UNIQUE INDEX deliveries_once ON deliveries (sequence, event_at, channel, recipient)
  WHERE sequence > 0;
)";

Status prepare(store::Db& db, const std::string& path) {
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  db.exec("PRAGMA trusted_schema = OFF");
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  SQLite::Transaction transaction(db.connection(), SQLite::TransactionBehavior::IMMEDIATE);
  const bool empty = db.pragma("schema_version") == "0";
  const int64_t id = std::stoll(db.pragma("application_id"));
  const int64_t version = std::stoll(db.pragma("user_version"));
  if (!empty && id != kApplicationId)
    return fail(ErrorCode::invalid,
                "{} is a database of another program; name another file in notifier.database",
                path);
  if (version > kVersion)
    return fail(
        ErrorCode::invalid,
        "database {} has version {}, this program knows {}: install the newer Drayage again", path,
        version, kVersion);
  if (empty) {
    db.exec(kSchema);
    db.exec(fmt::format("PRAGMA user_version = {}", kVersion));
    db.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  }
  transaction.commit();
  return {};
}

JobState read_state(const store::Query& q) {
  JobState state;
  state.job = q.text(0);
  state.client = q.text(1);
  state.active = q.as<bool>(2);
  state.active_since = q.time(3);
  state.failures = q.as<uint32_t>(4);
  state.failing_since = q.time(5);
  state.last_success_at = q.time(6);
  const auto overdue = from_json<std::vector<uint64_t>>(q.text(7));
  if (overdue) state.overdue.insert(overdue->begin(), overdue->end());
  return state;
}

}  // namespace

DeliveryStore::DeliveryStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeliveryStore::~DeliveryStore() = default;

Result<std::unique_ptr<DeliveryStore>> DeliveryStore::open(const std::string& path) {
  return store::guarded(fmt::format("open {}", path),
                        [&]() -> Result<std::unique_ptr<DeliveryStore>> {
                          auto impl = std::make_unique<Impl>(path);
                          DRAY_TRY(prepare(impl->db, path));
                          return std::unique_ptr<DeliveryStore>(new DeliveryStore(std::move(impl)));
                        });
}

// ── Cursor and jobs ─────────────────────────────────────────────────────────────────────────────

Result<std::optional<Cursor>> DeliveryStore::cursor() {
  return store::guarded("read the cursor", [&]() -> Result<std::optional<Cursor>> {
    auto query = impl_->db.query("SELECT sequence, quiet_until FROM cursor");
    if (!query.next()) return std::nullopt;
    return Cursor{query.as<uint64_t>(0), query.as<uint64_t>(1)};
  });
}

Status DeliveryStore::put_cursor(const Cursor& cursor) {
  return store::guarded("store the cursor", [&]() -> Status {
    impl_->db.query("INSERT OR REPLACE INTO cursor (id, sequence, quiet_until) VALUES (1, ?, ?)")
        .bind(cursor.sequence, cursor.quiet_until)
        .run();
    return {};
  });
}

Result<std::vector<JobState>> DeliveryStore::job_states() {
  return store::guarded("read jobs", [&]() -> Result<std::vector<JobState>> {
    std::vector<JobState> states;
    auto query = impl_->db.query(
        "SELECT job, client, active, active_since, failures, failing_since, last_success_at, "
        "overdue FROM job_states");
    while (query.next())
      states.push_back(read_state(query));
    return states;
  });
}

Status DeliveryStore::put_changes(const JobChanges& changes) {
  return store::guarded("store jobs", [&]() -> Status {
    for (const auto& [job, state] : changes) {
      if (!state) {
        impl_->db.query("DELETE FROM job_states WHERE job = ?").bind(job).run();
        continue;
      }
      const std::string overdue =
          to_json(std::vector<uint64_t>(state->overdue.begin(), state->overdue.end()));
      impl_->db
          .query(
              "INSERT OR REPLACE INTO job_states (job, client, active, active_since, failures, "
              "failing_since, last_success_at, overdue) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(job, state->client, state->active, state->active_since, state->failures,
                store::OrNull{state->failing_since}, store::OrNull{state->last_success_at}, overdue)
          .run();
    }
    return {};
  });
}

Status DeliveryStore::begin() {
  return store::guarded("begin", [&]() -> Status {
    impl_->db.exec("BEGIN IMMEDIATE");
    return {};
  });
}

Status DeliveryStore::commit() {
  Status committed = store::guarded("store deliveries", [&]() -> Status {
    impl_->db.exec("COMMIT");
    return {};
  });
  if (!committed) rollback();
  return committed;
}

void DeliveryStore::rollback() {
  // SQLite has rolled back by itself after some failures.
  (void)store::guarded("roll back", [&]() -> Status {
    impl_->db.exec("ROLLBACK");
    return {};
  });
}

}  // namespace dray::notify
