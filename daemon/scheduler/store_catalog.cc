#include "daemon/scheduler/store_catalog.h"

#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/store_db.h"
#include "schemas/limits.h"

namespace dray::store {
namespace {

#define DRAY_CLIENT_COLUMNS \
  "id, name, weight, max_concurrent_jobs, max_bandwidth_kbps, paused, bandwidth_table"

Result<ClientRow> read_client(const Query& q) {
  ClientRow row;
  row.id = {q.as<uint64_t>(0)};
  row.spec = {q.text(1), q.as<uint32_t>(2), q.as<uint32_t>(3), q.as<uint64_t>(4)};
  row.paused = q.text(5);
  if (const std::string table = q.text(6); !table.empty()) {
    DRAY_TRY_ASSIGN(row.bandwidth_table,
                    from_json<BandwidthTable>(table, JsonReadOptions{.unknown_keys = true}));
  }
  return row;
}

// "KIND 'NAME'" of the first row, or "".
std::string named(Query& query, std::string_view kind) {
  return query.next() ? fmt::format("{} {}", kind, dray::quoted(query.text(0))) : "";
}

}  // namespace

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<ClientRow>> Catalog::clients() {
  return guarded("read clients", [&]() -> Result<std::vector<ClientRow>> {
    std::vector<ClientRow> rows;
    auto query = db_->query("SELECT " DRAY_CLIENT_COLUMNS " FROM clients ORDER BY name");
    while (query.next()) {
      DRAY_TRY_ASSIGN(ClientRow row, read_client(query));
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<std::optional<ClientRow>> Catalog::client(std::string_view name) {
  return guarded("read client", [&]() -> Result<std::optional<ClientRow>> {
    auto query = db_->query("SELECT " DRAY_CLIENT_COLUMNS " FROM clients WHERE name = ?");
    if (!query.bind(name).next()) return std::nullopt;
    DRAY_TRY_ASSIGN(ClientRow row, read_client(query));
    return row;
  });
}

Result<ClientRow> Catalog::put_client(const ClientSpec& spec) {
  return guarded("store client", [&]() -> Result<ClientRow> {
    auto query = db_->query(
        "INSERT INTO clients (name, weight, max_concurrent_jobs, max_bandwidth_kbps) VALUES (?, ?, "
        "?, ?) ON CONFLICT (name) DO UPDATE SET weight = excluded.weight, max_concurrent_jobs = "
        "excluded.max_concurrent_jobs, max_bandwidth_kbps = excluded.max_bandwidth_kbps "
        "RETURNING " DRAY_CLIENT_COLUMNS);
    query.bind(spec.name, spec.weight, spec.max_concurrent_jobs, spec.max_bandwidth_kbps).next();
    DRAY_TRY_ASSIGN(ClientRow row, read_client(query));
    query.next();
    return row;
  });
}

Status Catalog::set_client_paused(std::string_view name, std::string_view why) {
  return guarded("pause client", [&]() -> Status {
    db_->query("UPDATE clients SET paused = ? WHERE name = ?").bind(why, name).run();
    return {};
  });
}

Status Catalog::set_client_bandwidth_table(std::string_view name, const BandwidthTable& table) {
  return guarded("store client", [&]() -> Status {
    const std::string json = table.rows.empty() ? std::string() : to_json(table);
    db_->query("UPDATE clients SET bandwidth_table = ? WHERE name = ?").bind(json, name).run();
    return {};
  });
}

Status Catalog::remove_client(std::string_view name) {
  return guarded("remove client", [&]() -> Status {
    db_->query("DELETE FROM clients WHERE name = ?").bind(name).run();
    return {};
  });
}

Result<std::string> Catalog::user_of_client(std::string_view name) {
  return guarded("read client", [&]() -> Result<std::string> {
    auto jobs = db_->query("SELECT name FROM jobs WHERE client = ? LIMIT 1");
    if (std::string user = named(jobs.bind(name), "job"); !user.empty()) return user;
    auto remotes = db_->query("SELECT name FROM remotes WHERE client = ? LIMIT 1");
    return named(remotes.bind(name), "remote");
  });
}

// ── Settings ────────────────────────────────────────────────────────────────────────────────────

Result<std::map<std::string, std::string>> Catalog::settings() {
  return guarded("read settings", [&]() -> Result<std::map<std::string, std::string>> {
    std::map<std::string, std::string> rows;
    auto query = db_->query("SELECT name, value FROM settings");
    while (query.next())
      rows.emplace(query.text(0), query.text(1));
    return rows;
  });
}

Status Catalog::put_setting(std::string_view name, std::string_view json, WallTime now) {
  return guarded("store setting", [&]() -> Status {
    db_->query(
           "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO "
           "UPDATE SET value = excluded.value, updated_at = excluded.updated_at")
        .bind(name, json, now)
        .run();
    return {};
  });
}

Result<LiveSettings> Catalog::live_settings() {
  DRAY_TRY_ASSIGN(const auto stored, settings());
  return settings_from(stored);
}

// ── Audit and idempotency ───────────────────────────────────────────────────────────────────────

Status Catalog::add_audit(const AuditEntry& entry) {
  return guarded("store audit entry", [&]() -> Status {
    db_->query(
           "INSERT INTO audit_log (at, asked_by, peer, verb, target, before, after) VALUES (?, ?, "
           "?, ?, ?, ?, ?)")
        .bind(entry.at, entry.asked_by, entry.peer, entry.verb, entry.target, entry.before.json,
              entry.after.json)
        .run();
    return {};
  });
}

Result<std::vector<AuditEntry>> Catalog::audit(uint64_t before, size_t limit) {
  return guarded("read audit log", [&]() -> Result<std::vector<AuditEntry>> {
    std::vector<AuditEntry> entries;
    auto query = db_->query(
        "SELECT id, at, asked_by, peer, verb, target, before, after FROM audit_log WHERE id < ? "
        "ORDER BY id DESC LIMIT ?");
    query.bind(std::min<uint64_t>(before, INT64_MAX), limit);
    while (query.next())
      entries.push_back({query.as<uint64_t>(0),
                         query.time(1),
                         query.text(2),
                         query.text(3),
                         query.text(4),
                         query.text(5),
                         {query.text(6)},
                         {query.text(7)}});
    return entries;
  });
}

Result<std::optional<StoredAnswer>> Catalog::find_answer(std::string_view key) {
  return guarded("read answers", [&]() -> Result<std::optional<StoredAnswer>> {
    auto query = db_->query("SELECT request, code, message, body FROM idempotency WHERE key = ?");
    if (!query.bind(key).next()) return std::nullopt;
    return StoredAnswer{query.text(0), query.as<uint8_t>(1), query.text(2), query.text(3)};
  });
}

Status Catalog::keep_answer(std::string_view key, const StoredAnswer& answer, WallTime now) {
  return guarded("store answer", [&]() -> Status {
    db_->query(
           "INSERT INTO idempotency (key, at, request, code, message, body) VALUES (?, ?, ?, ?, ?, "
           "?)")
        .bind(key, now, answer.request, answer.code, answer.message, answer.body)
        .run();
    return {};
  });
}

Status Catalog::drop_answers(WallTime before) {
  return guarded("delete old answers", [&]() -> Status {
    db_->query("DELETE FROM idempotency WHERE at < ?").bind(before).run();
    return {};
  });
}

}  // namespace dray::store
