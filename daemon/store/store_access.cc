#include "daemon/store/store_access.h"

#include "daemon/store/store_db.h"

namespace dray::store {
namespace {

#define DRAY_TOKEN_COLUMNS \
  "id, name, scope, client, created_at, created_by, expires_at, last_used_at, last_address, hash"
#define DRAY_USER_COLUMNS \
  "name, scope, client, enabled, created_at, last_login_at, last_address, password"

TokenRow read_token(const Query& q) {
  return {{q.text(0), q.text(1), q.as<Scope>(2), q.text(3), q.time(4), q.text(5), q.time(6),
           q.time(7), q.text(8)},
          q.text(9)};
}

UserRow read_user(const Query& q) {
  return {{q.text(0), q.as<Scope>(1), q.text(2), q.as<bool>(3), q.time(4), q.time(5), q.text(6)},
          q.text(7)};
}

}  // namespace

Result<std::string> Access::key() {
  return guarded("read access key", [&]() -> Result<std::string> {
    auto query = db_->query("SELECT key FROM access_key");
    if (!query.next()) return fail(ErrorCode::corrupt, "the database has no access key");
    return query.text(0);
  });
}

// ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<TokenView>> Access::tokens() {
  return guarded("list tokens", [&]() -> Result<std::vector<TokenView>> {
    std::vector<TokenView> rows;
    auto query =
        db_->query("SELECT " DRAY_TOKEN_COLUMNS " FROM api_tokens ORDER BY created_at, id");
    while (query.next())
      rows.push_back(read_token(query).view);
    return rows;
  });
}

Result<std::optional<TokenRow>> Access::token(std::string_view id) {
  return guarded("read token", [&]() -> Result<std::optional<TokenRow>> {
    auto query = db_->query("SELECT " DRAY_TOKEN_COLUMNS " FROM api_tokens WHERE id = ?");
    if (!query.bind(id).next()) return std::nullopt;
    return read_token(query);
  });
}

Status Access::add_token(const TokenRow& row) {
  return guarded("store token", [&]() -> Status {
    const TokenView& t = row.view;
    db_->query("INSERT INTO api_tokens (" DRAY_TOKEN_COLUMNS
               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(t.id, t.name, t.scope, t.client, t.created_at, t.created_by, OrNull{t.expires_at},
              OrNull{t.last_used_at}, t.last_address, Blob{row.hash})
        .run();
    return {};
  });
}

Status Access::remove_token(std::string_view id) {
  return guarded("remove token", [&]() -> Status {
    db_->query("DELETE FROM api_tokens WHERE id = ?").bind(id).run();
    return {};
  });
}

Status Access::mark_used(const TokenUse& use) {
  return guarded("store token", [&]() -> Status {
    db_->query("UPDATE api_tokens SET last_used_at = ?, last_address = ? WHERE id = ?")
        .bind(use.at, use.address, use.id)
        .run();
    return {};
  });
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<UserView>> Access::users() {
  return guarded("list users", [&]() -> Result<std::vector<UserView>> {
    std::vector<UserView> rows;
    auto query = db_->query("SELECT " DRAY_USER_COLUMNS " FROM users ORDER BY name");
    while (query.next())
      rows.push_back(read_user(query).view);
    return rows;
  });
}

Result<std::optional<UserRow>> Access::user(std::string_view name) {
  return guarded("read user", [&]() -> Result<std::optional<UserRow>> {
    auto query = db_->query("SELECT " DRAY_USER_COLUMNS " FROM users WHERE name = ?");
    if (!query.bind(name).next()) return std::nullopt;
    return read_user(query);
  });
}

Result<bool> Access::has_users() {
  return guarded("read users", [&]() -> Result<bool> {
    return db_->query("SELECT 1 FROM users LIMIT 1").next();
  });
}

Result<uint64_t> Access::administrators(std::string_view except) {
  return guarded("read users", [&]() -> Result<uint64_t> {
    auto query = db_->query(
        "SELECT count(*) FROM users WHERE scope = ? AND client = '' AND enabled = 1 AND name <> ?");
    query.bind(Scope::admin, except).next();
    return query.as<uint64_t>(0);
  });
}

Status Access::put_user(const UserRow& row) {
  return guarded("store user", [&]() -> Status {
    const UserView& u = row.view;
    db_->query("INSERT INTO users (" DRAY_USER_COLUMNS
               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET scope = "
               "excluded.scope, client = excluded.client, enabled = excluded.enabled, password = "
               "excluded.password")
        .bind(u.name, u.scope, u.client, u.enabled, u.created_at, OrNull{u.last_login_at},
              u.last_address, row.password)
        .run();
    return {};
  });
}

Status Access::remove_user(std::string_view name) {
  return guarded("remove user", [&]() -> Status {
    db_->query("DELETE FROM users WHERE name = ?").bind(name).run();
    return {};
  });
}

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────

Result<uint64_t> Access::revision() {
  return guarded("read the audit log", [&]() -> Result<uint64_t> {
    auto query = db_->query("SELECT coalesce(max(id), 0) FROM audit_log");
    return query.next() ? query.as<uint64_t>(0) : 0;
  });
}

Result<std::optional<SessionRow>> Access::session(std::string_view hash) {
  return guarded("read session", [&]() -> Result<std::optional<SessionRow>> {
    auto query = db_->query("SELECT user, expires_at FROM sessions WHERE hash = ?");
    if (!query.bind(Blob{hash}).next()) return std::nullopt;
    return SessionRow{query.text(0), query.time(1)};
  });
}

Status Access::add_session(const NewSession& session, std::string_view hash, WallTime now) {
  return guarded("store session", [&]() -> Status {
    db_->query("DELETE FROM sessions WHERE expires_at < ?").bind(now).run();
    db_->query(
           "INSERT INTO sessions (hash, user, created_at, expires_at, address) VALUES (?, ?, ?, ?, "
           "?)")
        .bind(Blob{hash}, session.user, now, session.expires_at, session.address)
        .run();
    db_->query("UPDATE users SET last_login_at = ?, last_address = ? WHERE name = ?")
        .bind(now, session.address, session.user)
        .run();
    return {};
  });
}

Status Access::remove_session(std::string_view hash) {
  return guarded("remove session", [&]() -> Status {
    db_->query("DELETE FROM sessions WHERE hash = ?").bind(Blob{hash}).run();
    return {};
  });
}

Status Access::remove_sessions_of(std::string_view user) {
  return guarded("remove sessions", [&]() -> Status {
    db_->query("DELETE FROM sessions WHERE user = ?").bind(user).run();
    return {};
  });
}

}  // namespace dray::store
