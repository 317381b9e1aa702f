// Setup, login, people, tokens, and the log of what they changed.
#include "daemon/base/quote.h"
#include "daemon/notifier/call.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/store/store_catalog.h"

namespace dray::notifier {
namespace {

struct SetupInput {
  std::string token;
  std::string name;
  std::string password;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("name", self.name);
    visit("password", self.password);
  }
};

struct LoginInput {
  std::string name;
  std::string password;
  std::string token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
    visit.optional("password", self.password);
    visit.optional("token", self.token);
  }
};

struct PasswordInput {
  std::string old_password;
  std::string new_password;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("old_password", self.old_password);
    visit("new_password", self.new_password);
  }
};

struct TokenInput {
  std::string name;
  Scope scope = Scope::read;
  std::string client;
  WallTime expires_at{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("expires_at", self.expires_at);
  }
};

struct TokenCreated {
  TokenView token;
  std::string secret;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("secret", self.secret);
  }
};

// In clear as a person enters it; nothing of it is kept.
struct UserInput {
  std::optional<std::string> name;
  std::optional<Scope> scope;
  std::optional<std::string> client;
  std::optional<bool> enabled;
  std::optional<std::string> password;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
    visit.optional("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("enabled", self.enabled);
    visit.optional("password", self.password);
  }
};

struct IdentityView {
  std::string kind;
  std::string name;
  Scope scope = Scope::read;
  std::string client;
  WallTime expires_at{};
  std::string csrf;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("kind", self.kind);
    visit("name", self.name);
    visit("scope", self.scope);
    visit("client", self.client);
    visit("expires_at", self.expires_at);
    visit("csrf", self.csrf);
  }
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  std::optional<std::string> next_cursor;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("entries", self.entries);
    visit("next_cursor", self.next_cursor);
  }
};

std::string identity_json(const Identity& who) {
  return to_json(IdentityView{who.kind == Identity::Kind::user ? "user" : "token", who.name,
                              who.scope, who.client, who.expires_at, who.csrf});
}

// Strict: not even a link from another page carries it.
HttpHeader cookie(const Call& call, std::string_view value, int64_t seconds) {
  return {"set-cookie",
          fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kSessionCookie,
                      value, seconds, call.request.secure ? "; Secure" : "")};
}

HttpReply logged_in(const Call& call, const Login& login) {
  HttpReply reply = json_reply(identity_json(login.identity));
  reply.headers.push_back(cookie(call, login.session, call.api.config.notifier.session.count()));
  return reply;
}

// A wrong password is no lack of rights, and too many of them no lack of room.
HttpReply login_problem(const Call& call, const Error& error) {
  if (error.code == ErrorCode::denied)
    return refusal_reply(Refusal::unauthenticated, error.message, call.request);
  if (error.code == ErrorCode::exhausted)
    return refusal_reply(Refusal::rate_limited, error.message, call.request);
  return problem(call, error);
}

HttpReply login_reply(const Call& call, const Result<Login>& login) {
  return login ? logged_in(call, *login) : login_problem(call, login.error());
}

Task<HttpReply> set_up(Call& call) {
  const Result<SetupInput> input = body_of<SetupInput>(call);
  if (!input) co_return problem(call, input.error());
  co_return login_reply(call, co_await call.api.access.set_up(input->token, input->name,
                                                              input->password, call.who.address));
}

Task<HttpReply> log_in(Call& call) {
  const Result<LoginInput> input = body_of<LoginInput>(call);
  if (!input) co_return problem(call, input.error());
  Access& access = call.api.access;
  if (!input->token.empty())
    co_return login_reply(call, co_await access.log_in_with_token(input->token, call.who.address));
  co_return login_reply(call,
                        co_await access.log_in(input->name, input->password, call.who.address));
}

Task<HttpReply> log_out(Call& call) {
  const Status done = co_await call.api.access.log_out(call.who);
  if (!done) co_return problem(call, done.error());
  HttpReply reply = empty_reply();
  reply.headers.push_back(cookie(call, "", 0));
  co_return reply;
}

Task<HttpReply> show_me(Call& call) {
  co_return json_reply(identity_json(call.who));
}

Task<HttpReply> change_password(Call& call) {
  const Result<PasswordInput> input = body_of<PasswordInput>(call);
  if (!input) co_return problem(call, input.error());
  const Result<Login> login =
      co_await call.api.access.change_password(call.who, input->old_password, input->new_password);
  if (!login) co_return login_problem(call, login.error());
  HttpReply reply = logged_in(call, *login);
  reply.status = 204;
  reply.body.clear();
  reply.content_type.clear();
  co_return reply;
}

Task<HttpReply> put_user(Call& call, UserPut put, UserInput input) {
  put.change.scope = input.scope;
  put.change.client = input.client;
  put.change.enabled = input.enabled;
  if (input.password) {
    const auto hash = co_await call.api.access.hash(std::move(*input.password));
    if (!hash) co_return problem(call, hash.error());
    put.change.password = *hash;
  }
  const AskTerms terms = terms_of(call);
  const auto user =
      co_await call.api.verbs.ask_as<UserAnswer>(call.who, "user.put", to_json(put), terms);
  if (!user) co_return problem(call, user.error());
  co_return json_reply(to_json(user->user), call.route.status);
}

Task<HttpReply> create_user(Call& call) {
  Result<UserInput> input = body_of<UserInput>(call);
  if (!input) co_return problem(call, input.error());
  for (const auto& [field, given] :
       {std::pair{"name", input->name.has_value()}, std::pair{"scope", input->scope.has_value()},
        std::pair{"password", input->password.has_value()}})
    if (!given) co_return problem(call, {ErrorCode::invalid, fmt::format("{}: is missing", field)});
  UserPut put;
  put.name = *input->name;
  put.create = true;
  co_return co_await put_user(call, std::move(put), std::move(*input));
}

Task<HttpReply> change_user(Call& call) {
  Result<UserInput> input = body_of<UserInput>(call);
  if (!input) co_return problem(call, input.error());
  if (input->name) co_return problem(call, {ErrorCode::invalid, "name: is given by the address"});
  UserPut put;
  put.name = call.parameter("user");
  put.create = false;
  co_return co_await put_user(call, std::move(put), std::move(*input));
}

Task<HttpReply> create_token(Call& call) {
  const Result<TokenInput> input = body_of<TokenInput>(call);
  if (!input) co_return problem(call, input.error());
  const MadeToken made = make_token();
  NewToken token;
  token.id = made.id;
  token.name = input->name;
  token.scope = input->scope;
  token.client = input->client;
  token.expires_at = input->expires_at;
  token.proof = base64_encode(token_proof(made.text));
  const auto stored =
      co_await call.api.verbs.ask_as<TokenAnswer>(call.who, "token.put", to_json(token));
  if (!stored) co_return problem(call, stored.error());
  co_return json_reply(to_json(TokenCreated{stored->token, made.text}), call.route.status);
}

Task<HttpReply> list_audit(Call& call) {
  const Result<PageArgs> args = page_arguments(call);
  if (!args) co_return problem(call, args.error());
  if (!call.who.client.empty())
    co_return refusal_reply(Refusal::denied, "this is for operators of the whole installation",
                            call.request);
  const auto read = [args = *args](store::Db& db) -> Result<AuditPage> {
    AuditPage rows;
    const uint64_t before = args.cursor ? args.cursor : UINT64_MAX;
    DRAY_TRY_ASSIGN(rows.entries, store::Catalog(db).audit(before, args.limit));
    if (rows.entries.size() == args.limit)
      rows.next_cursor = fmt::format("{}", rows.entries.back().id);
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

constexpr Route kRoutes[] = {
    {.method = Method::post,
     .pattern = "/api/v1/setup",
     .need = Need::nothing,
     .reply = set_up,
     .takes_json = true},
    {.method = Method::post,
     .pattern = "/api/v1/login",
     .need = Need::nothing,
     .reply = log_in,
     .takes_json = true},
    {.method = Method::post, .pattern = "/api/v1/logout", .reply = log_out, .status = 204},
    {.method = Method::get, .pattern = "/api/v1/me", .reply = show_me},
    {.method = Method::post,
     .pattern = "/api/v1/me/password",
     .reply = change_password,
     .takes_json = true,
     .status = 204},
    {.method = Method::get,
     .pattern = "/api/v1/users",
     .need = Need::admin,
     .reply = by_verb,
     .verb = {.name = "user.list"}},
    {.method = Method::post,
     .pattern = "/api/v1/users",
     .need = Need::admin,
     .reply = create_user,
     .takes_json = true,
     .status = 201},
    {.method = Method::get,
     .pattern = "/api/v1/users/{user}",
     .need = Need::admin,
     .reply = by_verb,
     .etag = true,
     .verb = {.name = "user.list", .pick = "users", .pick_kind = "user"}},
    {.method = Method::patch,
     .pattern = "/api/v1/users/{user}",
     .need = Need::admin,
     .reply = change_user,
     .takes_json = true},
    {.method = Method::remove,
     .pattern = "/api/v1/users/{user}",
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "user.remove", .from_path = "name=user"}},
    {.method = Method::get,
     .pattern = "/api/v1/tokens",
     .need = Need::admin,
     .reply = by_verb,
     .verb = {.name = "token.list"}},
    {.method = Method::post,
     .pattern = "/api/v1/tokens",
     .need = Need::admin,
     .reply = create_token,
     .takes_json = true,
     .status = 201},
    {.method = Method::remove,
     .pattern = "/api/v1/tokens/{token}",
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "token.remove", .from_path = "id=token"}},
    {.method = Method::get,
     .pattern = "/api/v1/audit",
     .need = Need::admin,
     .reply = list_audit,
     .query = "limit cursor"},
};

}  // namespace

std::span<const Route> access_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
