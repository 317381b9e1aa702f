#include "daemon/notifier/access.h"

#include "daemon/base/password.h"
#include "daemon/base/quote.h"
#include "daemon/base/random.h"
#include "daemon/base/seal.h"
#include "daemon/base/secret_compare.h"
#include "daemon/base/text.h"
#include "daemon/store/store_access.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kCsrfPurpose = "csrf";
constexpr size_t kMaxSecretBytes = 256;
constexpr size_t kMaxUsed = 1000;  // between two reports
constexpr std::string_view kWrongLogin = "the name or the password is wrong";

Identity identity_of(const UserView& user, std::string address) {
  Identity identity;
  identity.kind = Identity::Kind::user;
  identity.name = user.name;
  identity.scope = user.scope;
  identity.client = user.client;
  identity.address = std::move(address);
  return identity;
}

bool is_bearer(std::string_view header) {
  if (header.size() <= kBearer.size()) return false;
  for (size_t i = 0; i < kBearer.size(); ++i)
    if ((header[i] | (header[i] == ' ' ? 0 : 0x20)) != kBearer[i]) return false;
  return true;
}

}  // namespace

Access::Access(const Config::Notifier& config, Database& database, VerbClient& verbs, Clock& clock)
    : config_(config),
      database_(database),
      verbs_(verbs),
      clock_(clock),
      setup_token_(random_token()) {}

Result<std::string> Access::key() {
  if (key_.empty()) {
    DRAY_TRY_ASSIGN(store::Db * db, database_.at_once().open());
    DRAY_TRY_ASSIGN(key_, store::Access(*db).key());
  }
  return key_;
}

// ── Every request ───────────────────────────────────────────────────────────────────────────────

Result<Identity> Access::identify(const HttpRequest& request) {
  const std::string_view authorization = request.header("authorization");
  const std::string_view session = request.cookie(kSessionCookie);
  if (authorization.empty() && session.empty()) return Identity{};
  if (is_bearer(authorization)) {
    const std::string_view token = trim(authorization.substr(kBearer.size()));
    DRAY_TRY_ASSIGN(Identity identity, by_token(token, request.address));
    if (identity.kind != Identity::Kind::nobody) return identity;
    // Whoever has a good one is let in from wherever others guess: several share an address.
    if (is_blocked(request.address, ""))
      return fail(ErrorCode::exhausted, "too many wrong logins and tokens came from this address");
    count_failure(request.address, "");
    return identity;
  }
  // What ended is no attack: browsers keep cookies.
  if (!token_id(session)) return by_session(session, request.address);
  DRAY_TRY_ASSIGN(Identity identity, by_token(session, request.address));
  if (identity.kind == Identity::Kind::token) {
    DRAY_TRY_ASSIGN(identity.csrf, csrf_of(identity.proof));
  }
  return identity;
}

Result<std::string> Access::csrf_of(const std::string& proof) {
  DRAY_TRY_ASSIGN(const std::string stored_key, key());
  return base64_encode(keyed_proof(stored_key, std::string(kCsrfPurpose) + proof));
}

Result<Identity> Access::by_token(std::string_view token, const std::string& address) {
  const std::optional<std::string> id = token_id(token);
  if (!id) return Identity{};
  DRAY_TRY_ASSIGN(store::Db * db, database_.at_once().open());
  DRAY_TRY_ASSIGN(const auto row, store::Access(*db).token(*id));
  DRAY_TRY_ASSIGN(const std::string stored_key, key());
  // Compared also where there is no row: an id that exists must not be told by the time it takes.
  const std::string hash = keyed_proof(stored_key, token_proof(token));
  const bool same = is_same_secret(hash, row ? row->hash : std::string(hash.size(), '\0'));
  const WallTime now = clock_.now().wall;
  if (!row || !same || (row->view.expires_at != WallTime{} && row->view.expires_at <= now))
    return Identity{};
  Identity identity;
  identity.kind = Identity::Kind::token;
  identity.name = row->view.name;
  identity.scope = row->view.scope;
  identity.client = row->view.client;
  identity.expires_at = row->view.expires_at;
  identity.address = address;
  identity.proof = *id;
  if (used_.size() < kMaxUsed || used_.contains(*id)) used_[*id] = {*id, now, address};
  return identity;
}

Result<Identity> Access::by_session(std::string_view session, const std::string& address) {
  if (session.empty() || session.size() > kMaxSecretBytes) return Identity{};
  DRAY_TRY_ASSIGN(const std::string stored_key, key());
  const std::string hash = keyed_proof(stored_key, token_proof(session));
  DRAY_TRY_ASSIGN(store::Db * db, database_.at_once().open());
  store::Access rows(*db);
  DRAY_TRY_ASSIGN(const auto row, rows.session(hash));
  if (!row || row->expires_at <= clock_.now().wall) return Identity{};
  DRAY_TRY_ASSIGN(const auto user, rows.user(row->user));
  if (!user || !user->view.enabled) return Identity{};
  Identity identity = identity_of(user->view, address);
  identity.expires_at = row->expires_at;
  identity.proof = hash;
  DRAY_TRY_ASSIGN(identity.csrf, csrf_of(hash));
  return identity;
}

bool Access::still_valid(const Identity& identity) {
  if (identity.expires_at != WallTime{} && identity.expires_at <= clock_.now().wall) return false;
  const Result<store::Db*> db = database_.at_once().open();
  if (!db) return true;  // it cannot be known; a database that comes back tells
  store::Access rows(**db);
  if (identity.kind == Identity::Kind::token) {
    const auto row = rows.token(identity.proof);
    return !row || row->has_value();
  }
  const auto row = rows.session(identity.proof);
  return !row || row->has_value();
}

uint64_t Access::revision() {
  const Result<store::Db*> db = database_.at_once().open();
  return db ? store::Access(**db).revision().value_or(0) : 0;
}

// ── Logins ──────────────────────────────────────────────────────────────────────────────────────

bool Access::is_blocked(const std::string& address, const std::string& account) {
  const Instant now = clock_.now().mono;
  return by_address_.is_blocked(address, now) ||
         (!account.empty() && by_account_.is_blocked(account, now));
}

void Access::count_failure(const std::string& address, const std::string& account) {
  const Instant now = clock_.now().mono;
  by_address_.count(address, now);
  if (!account.empty()) by_account_.count(account, now);
}

Task<Result<std::string>> Access::hash(std::string password) {
  if (const Status good = check_password(password); !good)
    co_return std::unexpected(annotate(good.error(), "password"));
  const auto work = [password = std::move(password)]() -> Result<std::string> {
    return hash_password(password);
  };
  co_return co_await passwords_.run(work);
}

Task<Result<UserView>> Access::prove(std::string name, std::string password, std::string address) {
  if (is_blocked(address, name))
    co_return fail(ErrorCode::exhausted, "too many wrong logins; wait a minute");
  const Result<store::Db*> db = database_.at_once().open();
  if (!db) co_return std::unexpected(db.error());
  const auto user = store::Access(**db).user(name);
  if (!user) co_return std::unexpected(user.error());
  const std::string stored = *user ? (*user)->password : "";
  const auto work = [stored, password = std::move(password)]() -> Result<bool> {
    return password_matches(stored, password);
  };
  const Result<bool> matches = co_await passwords_.run(work);
  if (!matches) co_return std::unexpected(matches.error());
  if (!*matches || !(*user)->view.enabled) {
    count_failure(address, name);
    co_return fail(ErrorCode::denied, "{}", kWrongLogin);
  }
  co_return (*user)->view;
}

Task<Result<Login>> Access::log_in(std::string name, std::string password, std::string address) {
  const auto user = co_await prove(std::move(name), std::move(password), address);
  if (!user) co_return std::unexpected(user.error());
  co_return co_await open_session(*user, std::move(address));
}

Task<Result<Login>> Access::log_in_with_token(std::string token, std::string address) {
  if (is_blocked(address, "")) co_return fail(ErrorCode::exhausted, "too many wrong logins");
  Result<Identity> identity = by_token(token, address);
  if (!identity) co_return std::unexpected(identity.error());
  if (identity->kind == Identity::Kind::nobody) {
    count_failure(address, "");
    co_return fail(ErrorCode::denied, "the token is wrong, expired or revoked");
  }
  const Result<std::string> csrf = csrf_of(identity->proof);
  if (!csrf) co_return std::unexpected(csrf.error());
  identity->csrf = *csrf;
  // The page keeps the token itself in the cookie: revoking it ends the session as well.
  co_return Login{*identity, std::move(token)};
}

Task<Result<Login>> Access::open_session(UserView user, std::string address) {
  Login login{identity_of(user, address), random_token()};
  const Result<std::string> stored_key = key();
  if (!stored_key) co_return std::unexpected(stored_key.error());
  const std::string hash = keyed_proof(*stored_key, token_proof(login.session));
  login.identity.proof = hash;
  login.identity.expires_at = clock_.now().wall + config_.session;
  login.identity.csrf = csrf_of(hash).value_or("");
  const NewSession session{base64_encode(hash), user.name, login.identity.expires_at, address};
  const auto stored =
      co_await verbs_.ask_for_itself("session.put", to_json(session), user.name, address);
  if (!stored) co_return std::unexpected(stored.error());
  co_return login;
}

Task<Status> Access::log_out(const Identity& identity) {
  if (identity.kind != Identity::Kind::user) co_return Status{};
  const std::string body = fmt::format(R"({{"hash":"{}"}})", base64_encode(identity.proof));
  const auto done =
      co_await verbs_.ask_for_itself("session.remove", body, identity.name, identity.address);
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Result<Login>> Access::change_password(const Identity& identity, std::string old_password,
                                            std::string new_password) {
  if (identity.kind != Identity::Kind::user)
    co_return fail(ErrorCode::conflict, "a token has no password");
  const auto user = co_await prove(identity.name, std::move(old_password), identity.address);
  if (!user) co_return std::unexpected(annotate(user.error(), "old_password"));
  const auto hashed = co_await hash(std::move(new_password));
  if (!hashed) co_return std::unexpected(hashed.error());
  const std::string body =
      fmt::format(R"({{"name":{},"password":{}}})", json_quote(identity.name), json_quote(*hashed));
  const auto done =
      co_await verbs_.ask_for_itself("user.password", body, identity.name, identity.address);
  if (!done) co_return std::unexpected(done.error());
  co_return co_await open_session(*user, identity.address);
}

// ── The first user ──────────────────────────────────────────────────────────────────────────────

Result<bool> Access::needs_setup() {
  DRAY_TRY_ASSIGN(store::Db * db, database_.at_once().open());
  DRAY_TRY_ASSIGN(const bool somebody, store::Access(*db).has_users());
  return !somebody;
}

Task<Result<Login>> Access::set_up(std::string token, std::string name, std::string password,
                                   std::string address) {
  if (is_blocked(address, "")) co_return fail(ErrorCode::exhausted, "too many wrong tokens");
  if (!is_same_secret(token, setup_token_)) {
    count_failure(address, "");
    co_return fail(ErrorCode::denied,
                   "the setup link is wrong or old; the newest one is in the log of the server");
  }
  const auto hashed = co_await hash(std::move(password));
  if (!hashed) co_return std::unexpected(hashed.error());
  UserPut put;
  put.name = name;
  put.create = true;
  put.first = true;
  put.change.scope = Scope::admin;
  put.change.password = *hashed;
  Identity setup;
  setup.kind = Identity::Kind::user;
  setup.name = "setup";
  setup.scope = Scope::admin;
  setup.address = address;
  const auto made = co_await verbs_.ask_as<UserAnswer>(setup, "user.put", to_json(put));
  if (!made) co_return std::unexpected(made.error());
  setup_token_ = random_token();  // used up
  co_return co_await open_session(made->user, std::move(address));
}

Task<void> Access::report_use() {
  if (used_.empty()) co_return;
  AccessUsed report;
  for (const auto& [id, use] : used_)
    report.tokens.push_back(use);
  used_.clear();
  co_await verbs_.ask_for_itself("access.used", to_json(report), "", "");
}

}  // namespace dray::notifier
