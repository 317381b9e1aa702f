// Tokens, people and sessions in the database (schemas/access.h). Writes belong into the store's
// open transaction. Same thread as the connection, which it borrows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/access.h"

namespace dray::store {

class Db;

struct TokenRow {
  TokenView view;
  std::string hash;  // raw
};
struct UserRow {
  UserView view;
  std::string password;  // Argon2id text
};
struct SessionRow {
  std::string user;
  WallTime expires_at{};
};

class Access {
 public:
  explicit Access(Db& db) : db_(&db) {}

  Result<std::string> key();

  Result<std::vector<TokenView>> tokens();
  Result<std::optional<TokenRow>> token(std::string_view id);
  // conflict: there is one with that id.
  Status add_token(const TokenRow& row);
  Status remove_token(std::string_view id);
  Status mark_used(const TokenUse& use);

  Result<std::vector<UserView>> users();
  Result<std::optional<UserRow>> user(std::string_view name);
  Result<bool> has_users();
  // Enabled ones with the scope admin and all clients, but `except`.
  Result<uint64_t> administrators(std::string_view except);
  Status put_user(const UserRow& row);
  Status remove_user(std::string_view name);

  // Another number after every change of anything, by the audit log.
  Result<uint64_t> revision();

  Result<std::optional<SessionRow>> session(std::string_view hash);
  // Also writes down the login, and forgets sessions that are over.
  Status add_session(const NewSession& session, std::string_view hash, WallTime now);
  Status remove_session(std::string_view hash);
  Status remove_sessions_of(std::string_view user);

 private:
  Db* db_;
};

}  // namespace dray::store
