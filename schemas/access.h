// Who may come in: people, their sessions, and tokens of programs, as verbs speak of them and the
// database keeps them. Nothing here is a secret: passwords are Argon2id texts, sessions and tokens
// are hashes made with a key of the installation. Pure data and pure functions.
//
// A token is "dray_" + id + "_" + secret + check: the id names the row, 256 random bits are the
// secret, and the check tells a mistyped token from a wrong one (and lets scanners find leaked
// ones). Whoever makes a token keeps it to themselves and hands in its proof, a hash; what is
// stored is the keyed hash of that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/verbs.h"

namespace dray {

struct TokenView {
  std::string id;
  std::string name;
  Scope scope = Scope::read;
  std::string client;  // "": all
  WallTime created_at{};
  std::string created_by;
  WallTime expires_at{};  // never
  WallTime last_used_at{};
  std::string last_address;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("name", self.name);
    visit("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("created_at", self.created_at);
    visit.optional("created_by", self.created_by);
    visit.optional("expires_at", self.expires_at);
    visit.optional("last_used_at", self.last_used_at);
    visit.optional("last_address", self.last_address);
  }
};

struct NewToken {  // token.put
  std::string id;
  std::string name;
  Scope scope = Scope::read;
  std::string client;
  WallTime expires_at{};
  std::string proof;  // base64 of token_proof()
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("name", self.name);
    visit("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("expires_at", self.expires_at);
    visit("proof", self.proof);
  }
};

struct TokenListAnswer {
  std::vector<TokenView> tokens;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("tokens", self.tokens);
  }
};
struct TokenAnswer {
  TokenView token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

struct UserView {
  std::string name;
  Scope scope = Scope::read;
  std::string client;  // "": all
  bool enabled = true;
  WallTime created_at{};
  WallTime last_login_at{};
  std::string last_address;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("enabled", self.enabled);
    visit.optional("created_at", self.created_at);
    visit.optional("last_login_at", self.last_login_at);
    visit.optional("last_address", self.last_address);
  }
};

// What is given is changed; a change ends the person's sessions.
struct UserChange {
  std::optional<Scope> scope;
  std::optional<std::string> client;
  std::optional<bool> enabled;
  std::optional<std::string> password;  // Argon2id text of daemon/base/password.h
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("enabled", self.enabled);
    visit.optional("password", self.password);
  }
};

struct UserPut {  // user.put
  std::string name;
  std::optional<bool> create;  // fails if it exists or not
  bool first = false;          // only as long as there is nobody
  UserChange change;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("create", self.create);
    visit.optional("first", self.first);
    UserChange::fields(self.change, visit);
  }
};

struct UserListAnswer {
  std::vector<UserView> users;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("users", self.users);
  }
};
struct UserAnswer {
  UserView user;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("user", self.user);
  }
};

struct NewSession {  // session.put
  std::string hash;  // base64
  std::string user;
  WallTime expires_at{};
  std::string address;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("hash", self.hash);
    visit("user", self.user);
    visit("expires_at", self.expires_at);
    visit.optional("address", self.address);
  }
};

struct TokenUse {
  std::string id;
  WallTime at{};
  std::string address;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("at", self.at);
    visit.optional("address", self.address);
  }
};
struct AccessUsed {  // access.used
  std::vector<TokenUse> tokens;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("tokens", self.tokens);
  }
};

// ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

struct MadeToken {
  std::string id;
  std::string text;  // the whole token: shown once, never kept
};
MadeToken make_token();

// The id in a token that is whole; nullopt: mistyped, or no token at all.
std::optional<std::string> token_id(std::string_view token);

// What stands for a token or session outside of it: says nothing about it. Raw bytes.
std::string token_proof(std::string_view secret);
// What is stored. Raw bytes.
std::string keyed_proof(std::string_view key, std::string_view proof);

inline constexpr size_t kAccessKeyBytes = 32;

}  // namespace dray
