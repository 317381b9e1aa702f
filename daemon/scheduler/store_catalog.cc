#include "daemon/scheduler/store_catalog.h"

#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/store_db.h"
#include "schemas/limits.h"

namespace dray::store {
namespace {

ClientRow read_client(const Query& q) {
  return {{q.as<uint64_t>(0)},
          {q.text(1), q.as<uint32_t>(2), q.as<uint32_t>(3), q.as<uint64_t>(4)}};
}

#define DRAY_REMOTE_COLUMNS \
  "id, name, client, type, version, refers_to, max_concurrent, sealed_for, updated_at"

Result<RemoteView> read_remote(const Query& q) {
  RemoteView remote;
  remote.id = {q.as<uint64_t>(0)};
  remote.name = q.text(1);
  remote.client = q.text(2);
  remote.type = q.text(3);
  remote.version = q.as<uint32_t>(4);
  DRAY_TRY_ASSIGN(remote.refers_to, from_json<std::vector<std::string>>(q.text(5)));
  remote.max_concurrent = q.as<uint32_t>(6);
  remote.sealed_for = q.text(7);
  remote.updated_at = q.time(8);
  return remote;
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
    auto query = db_->query(
        "SELECT id, name, weight, max_concurrent_jobs, max_bandwidth_kbps FROM clients ORDER BY "
        "name");
    while (query.next())
      rows.push_back(read_client(query));
    return rows;
  });
}

Result<std::optional<ClientRow>> Catalog::client(std::string_view name) {
  return guarded("read client", [&]() -> Result<std::optional<ClientRow>> {
    auto query = db_->query(
        "SELECT id, name, weight, max_concurrent_jobs, max_bandwidth_kbps FROM clients WHERE name "
        "= ?");
    if (!query.bind(name).next()) return std::nullopt;
    return read_client(query);
  });
}

Result<ClientRow> Catalog::put_client(const ClientSpec& spec) {
  return guarded("store client", [&]() -> Result<ClientRow> {
    auto query = db_->query(
        "INSERT INTO clients (name, weight, max_concurrent_jobs, max_bandwidth_kbps) VALUES (?, ?, "
        "?, ?) ON CONFLICT (name) DO UPDATE SET weight = excluded.weight, max_concurrent_jobs = "
        "excluded.max_concurrent_jobs, max_bandwidth_kbps = excluded.max_bandwidth_kbps RETURNING "
        "id");
    query.bind(spec.name, spec.weight, spec.max_concurrent_jobs, spec.max_bandwidth_kbps).next();
    const ClientRow row{{query.as<uint64_t>(0)}, spec};
    query.next();
    return row;
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

// ── Remotes ─────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<RemoteView>> Catalog::remotes(std::string_view client) {
  return guarded("read remotes", [&]() -> Result<std::vector<RemoteView>> {
    std::vector<RemoteView> rows;
    auto query = db_->query("SELECT " DRAY_REMOTE_COLUMNS
                            " FROM remotes WHERE ?1 = '' OR client = ?1 ORDER BY client, name");
    query.bind(client);
    while (query.next()) {
      DRAY_TRY_ASSIGN(RemoteView row, read_remote(query));
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<std::optional<RemoteView>> Catalog::remote(std::string_view client, std::string_view name) {
  return guarded("read remote", [&]() -> Result<std::optional<RemoteView>> {
    auto query =
        db_->query("SELECT " DRAY_REMOTE_COLUMNS " FROM remotes WHERE client = ? AND name = ?");
    if (!query.bind(client, name).next()) return std::nullopt;
    DRAY_TRY_ASSIGN(RemoteView row, read_remote(query));
    return row;
  });
}

Result<RemoteView> Catalog::put_remote(const SealedRemote& remote, WallTime now) {
  return guarded("store remote", [&]() -> Result<RemoteView> {
    const std::string refers_to = to_json(remote.refers_to);
    auto query = db_->query(
        "INSERT INTO remotes (client, name, type, version, refers_to, max_concurrent, sealed, "
        "sealed_for, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client, name) DO "
        "UPDATE SET type = excluded.type, version = excluded.version, refers_to = "
        "excluded.refers_to, max_concurrent = excluded.max_concurrent, sealed = excluded.sealed, "
        "sealed_for = excluded.sealed_for, updated_at = excluded.updated_at "
        "RETURNING " DRAY_REMOTE_COLUMNS);
    query
        .bind(remote.client, remote.name, remote.type, remote.version, refers_to,
              remote.max_concurrent, Blob{remote.sealed}, remote.sealed_for, now)
        .next();
    Result<RemoteView> row = read_remote(query);
    query.next();
    return row;
  });
}

Status Catalog::remove_remote(std::string_view client, std::string_view name) {
  return guarded("remove remote", [&]() -> Status {
    db_->query("DELETE FROM remotes WHERE client = ? AND name = ?").bind(client, name).run();
    return {};
  });
}

Result<std::string> Catalog::user_of_remote(std::string_view client, std::string_view name) {
  return guarded("read remote", [&]() -> Result<std::string> {
    auto jobs = db_->query(
        "SELECT name FROM jobs WHERE client = ?1 AND (source_remote = ?2 OR destination_remote = "
        "?2) LIMIT 1");
    if (std::string user = named(jobs.bind(client, name), "job"); !user.empty()) return user;
    auto others = db_->query(
        "SELECT name FROM remotes WHERE client = ?1 AND EXISTS (SELECT 1 FROM "
        "json_each(refers_to) WHERE json_each.value = ?2) LIMIT 1");
    return named(others.bind(client, name), "remote");
  });
}

Result<std::vector<AccountPlan>> Catalog::accounts() {
  return guarded("read remotes", [&]() -> Result<std::vector<AccountPlan>> {
    std::vector<AccountPlan> rows;
    auto query = db_->query("SELECT client, name, max_concurrent FROM remotes");
    while (query.next())
      rows.push_back({query.text(0), query.text(1), query.as<uint32_t>(2)});
    return rows;
  });
}

Result<std::vector<SealedRemote>> Catalog::remote_closure(std::string_view client,
                                                          std::string_view name) {
  return guarded("read remote", [&]() -> Result<std::vector<SealedRemote>> {
    std::vector<SealedRemote> found;
    std::vector<std::string> wanted{std::string(name)};
    for (size_t i = 0; i < wanted.size(); ++i) {
      auto query = db_->query(
          "SELECT type, version, refers_to, max_concurrent, sealed, sealed_for FROM remotes WHERE "
          "client = ? AND name = ?");
      if (!query.bind(client, wanted[i]).next())
        return fail(ErrorCode::not_found, "client {} has no remote {}", dray::quoted(client),
                    dray::quoted(wanted[i]));
      SealedRemote remote;
      remote.name = wanted[i];
      remote.client = client;
      remote.type = query.text(0);
      remote.version = query.as<uint32_t>(1);
      DRAY_TRY_ASSIGN(remote.refers_to, from_json<std::vector<std::string>>(query.text(2)));
      remote.max_concurrent = query.as<uint32_t>(3);
      remote.sealed = query.text(4);
      remote.sealed_for = query.text(5);
      for (const std::string& other : remote.refers_to)
        if (std::ranges::find(wanted, other) == wanted.end()) wanted.push_back(other);
      found.push_back(std::move(remote));
      if (wanted.size() > limits::kMaxRemoteDepth + 1)
        return fail(ErrorCode::invalid, "remote {} leads to more than {} others",
                    dray::quoted(name), limits::kMaxRemoteDepth);
    }
    return found;
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
