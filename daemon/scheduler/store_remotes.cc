// Remotes in the database: the part of store_catalog.h about them.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_db.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"

namespace dray::store {
namespace {

#define DRAY_REMOTE_COLUMNS \
  "id, name, client, type, version, refers_to, max_concurrent, sealed_for, updated_at, login_at"

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
  remote.login_at = q.time(9);
  return remote;
}

// "KIND 'NAME'" of the first row, or "".
std::string named(Query& query, std::string_view kind) {
  return query.next() ? fmt::format("{} {}", kind, dray::quoted(query.text(0))) : "";
}

}  // namespace

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

Result<RemoteView> Catalog::put_remote(const SealedRemote& remote, WallTime login_at,
                                       WallTime now) {
  return guarded("store remote", [&]() -> Result<RemoteView> {
    const std::string refers_to = to_json(remote.refers_to);
    auto query = db_->query(
        "INSERT INTO remotes (client, name, type, version, refers_to, max_concurrent, sealed, "
        "sealed_for, updated_at, login_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
        "(client, name) DO "
        "UPDATE SET type = excluded.type, version = excluded.version, refers_to = "
        "excluded.refers_to, max_concurrent = excluded.max_concurrent, sealed = excluded.sealed, "
        "sealed_for = excluded.sealed_for, updated_at = excluded.updated_at, login_at = "
        "excluded.login_at "
        "RETURNING " DRAY_REMOTE_COLUMNS);
    query
        .bind(remote.client, remote.name, remote.type, remote.version, refers_to,
              remote.max_concurrent, Blob{remote.sealed}, remote.sealed_for, now, OrNull{login_at})
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
    auto query =
        db_->query("SELECT client, name, iif(login_at IS NULL, max_concurrent, 1) FROM remotes");
    while (query.next())
      rows.push_back({query.text(0), query.text(1), query.as<uint32_t>(2)});
    return rows;
  });
}

Result<std::optional<SealedRemote>> Catalog::sealed_remote(std::string_view client,
                                                           std::string_view name) {
  return guarded("read remote", [&]() -> Result<std::optional<SealedRemote>> {
    auto query = db_->query(
        "SELECT type, version, refers_to, max_concurrent, sealed, sealed_for FROM remotes WHERE "
        "client = ? AND name = ?");
    if (!query.bind(client, name).next()) return std::nullopt;
    SealedRemote remote;
    remote.name = name;
    remote.client = client;
    remote.type = query.text(0);
    remote.version = query.as<uint32_t>(1);
    DRAY_TRY_ASSIGN(remote.refers_to, from_json<std::vector<std::string>>(query.text(2)));
    remote.max_concurrent = query.as<uint32_t>(3);
    remote.sealed = query.text(4);
    remote.sealed_for = query.text(5);
    return remote;
  });
}

Result<std::vector<SealedRemote>> Catalog::remote_closure(std::string_view client,
                                                          std::string_view name) {
  std::vector<SealedRemote> found;
  std::vector<std::string> wanted{std::string(name)};
  for (size_t i = 0; i < wanted.size(); ++i) {
    DRAY_TRY_ASSIGN(std::optional<SealedRemote> remote, sealed_remote(client, wanted[i]));
    if (!remote)
      return fail(ErrorCode::not_found, "client {} has no remote {}", dray::quoted(client),
                  dray::quoted(wanted[i]));
    for (const std::string& other : remote->refers_to)
      if (std::ranges::find(wanted, other) == wanted.end()) wanted.push_back(other);
    found.push_back(std::move(*remote));
    if (wanted.size() > limits::kMaxRemoteDepth + 1)
      return fail(ErrorCode::invalid, "remote {} leads to more than {} others", dray::quoted(name),
                  limits::kMaxRemoteDepth);
  }
  return found;
}

}  // namespace dray::store
