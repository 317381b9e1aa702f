// Tokens, people and their sessions.
#include "daemon/base/password.h"
#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs.h"
#include "daemon/store/store_access.h"
#include "schemas/access.h"
#include "schemas/job_check.h"

namespace dray::verbs {
namespace {

constexpr size_t kProofBytes = 32;
constexpr size_t kMaxAddressBytes = 64;

struct IdArgs {
  std::string id;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
  }
};

struct UserName {
  std::string name;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
  }
};

struct PasswordArgs {
  std::string name;
  std::string password;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("password", self.password);
  }
};

struct HashArgs {
  std::string hash;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("hash", self.hash);
  }
};

store::Access access(Context& context) {
  return store::Access(context.store.db());
}

Result<std::string> read_hash(std::string_view text, std::string_view field) {
  DRAY_TRY_ASSIGN(std::string bytes, annotate(base64_decode(text), field));
  if (bytes.size() == kProofBytes) return bytes;
  return fail(ErrorCode::invalid, "{}: has {} bytes instead of {}", field, bytes.size(),
              kProofBytes);
}

Status check_client_exists(Context& context, const std::string& client) {
  if (client.empty()) return {};
  DRAY_TRY_ASSIGN(const auto row, context.catalog.client(client));
  if (row) return {};
  return fail(ErrorCode::not_found, "client: there is no client {}", quoted(client));
}

Result<store::UserRow> require_user(Context& context, const std::string& name) {
  DRAY_TRY_ASSIGN(auto row, access(context).user(name));
  if (!row) return fail(ErrorCode::not_found, "there is no user {}", quoted(name));
  return std::move(*row);
}

// Without one nobody could let anybody in any more but at the machine itself.
Status keep_an_administrator(Context& context, const std::string& name, const UserView& after) {
  if (after.enabled && after.scope == Scope::admin && after.client.empty()) return {};
  DRAY_TRY_ASSIGN(const auto before, access(context).user(name));
  if (!before || !before->view.enabled || before->view.scope != Scope::admin ||
      !before->view.client.empty())
    return {};
  DRAY_TRY_ASSIGN(const uint64_t others, access(context).administrators(name));
  if (others > 0) return {};
  return fail(ErrorCode::conflict, "{} is the last administrator; make another one first",
              quoted(name));
}

Status apply_change(const UserChange& change, store::UserRow& row) {
  if (change.scope) row.view.scope = *change.scope;
  if (change.client) row.view.client = *change.client;
  if (change.enabled) row.view.enabled = *change.enabled;
  if (change.password) row.password = *change.password;
  if (is_password_hash(row.password)) return {};
  return fail(ErrorCode::invalid, "password: must be an Argon2id text");
}

Result<store::UserRow> wanted_user(Context& context, const UserPut& args,
                                   const std::optional<store::UserRow>& before) {
  if (args.create.value_or(false) && before)
    return fail(ErrorCode::conflict, "user {} exists already", quoted(args.name));
  if (!args.create.value_or(true) && !before)
    return fail(ErrorCode::not_found, "there is no user {}", quoted(args.name));
  DRAY_TRY_ASSIGN(const bool somebody, access(context).has_users());
  if (args.first && somebody)
    return fail(ErrorCode::conflict, "the first user was made already; log in");
  store::UserRow row = before.value_or(store::UserRow{});
  row.view.name = args.name;
  if (!before) row.view.created_at = context.now.wall;
  DRAY_TRY(apply_change(args.change, row));
  return row;
}

}  // namespace

Result<std::string> token_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  TokenListAnswer answer;
  DRAY_TRY_ASSIGN(answer.tokens, access(context).tokens());
  return fitting_json(answer, answer.tokens);
}

Result<std::string> token_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NewToken args, arguments<NewToken>(body));
  DRAY_TRY(check_name("token", args.name));
  DRAY_TRY(check_name("id", args.id));
  DRAY_TRY(check_client_exists(context, args.client));
  if (args.expires_at != WallTime{} && args.expires_at <= context.now.wall)
    return fail(ErrorCode::invalid, "expires_at: is in the past");
  DRAY_TRY_ASSIGN(const std::string proof, read_hash(args.proof, "proof"));
  DRAY_TRY_ASSIGN(const std::string key, access(context).key());
  store::TokenRow row;
  row.view.id = args.id;
  row.view.name = args.name;
  row.view.scope = args.scope;
  row.view.client = args.client;
  row.view.created_at = context.now.wall;
  row.view.created_by = context.asked_by;
  row.view.expires_at = args.expires_at;
  row.hash = keyed_proof(key, proof);
  DRAY_TRY(access(context).add_token(row));
  context.target = fmt::format("token {}", args.id);
  context.after.json = to_json(row.view);
  return to_json(TokenAnswer{row.view});
}

Result<std::string> token_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const IdArgs args, arguments<IdArgs>(body));
  DRAY_TRY_ASSIGN(const auto row, access(context).token(args.id));
  if (!row) return fail(ErrorCode::not_found, "there is no token {}", quoted(args.id));
  DRAY_TRY(access(context).remove_token(args.id));
  context.target = fmt::format("token {}", args.id);
  context.before.json = to_json(row->view);
  return "{}";
}

Result<std::string> user_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  UserListAnswer answer;
  DRAY_TRY_ASSIGN(answer.users, access(context).users());
  return fitting_json(answer, answer.users);
}

Result<std::string> user_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const UserPut args, arguments<UserPut>(body));
  DRAY_TRY(check_name("user", args.name));
  DRAY_TRY_ASSIGN(const auto before, access(context).user(args.name));
  DRAY_TRY_ASSIGN(const store::UserRow row, wanted_user(context, args, before));
  DRAY_TRY(check_client_exists(context, row.view.client));
  DRAY_TRY(keep_an_administrator(context, args.name, row.view));
  DRAY_TRY(access(context).put_user(row));
  if (before) DRAY_TRY(access(context).remove_sessions_of(args.name));
  context.target = fmt::format("user {}", args.name);
  if (before) context.before.json = to_json(before->view);
  context.after.json = to_json(row.view);
  return to_json(UserAnswer{row.view});
}

Result<std::string> user_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const UserName args, arguments<UserName>(body));
  DRAY_TRY_ASSIGN(const store::UserRow row, require_user(context, args.name));
  UserView gone = row.view;
  gone.enabled = false;
  DRAY_TRY(keep_an_administrator(context, args.name, gone));
  DRAY_TRY(access(context).remove_user(args.name));
  context.target = fmt::format("user {}", args.name);
  context.before.json = to_json(row.view);
  return "{}";
}

Result<std::string> user_password(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const PasswordArgs args, arguments<PasswordArgs>(body));
  DRAY_TRY_ASSIGN(store::UserRow row, require_user(context, args.name));
  UserChange change;
  change.password = args.password;
  DRAY_TRY(apply_change(change, row));
  DRAY_TRY(access(context).put_user(row));
  DRAY_TRY(access(context).remove_sessions_of(args.name));
  context.target = fmt::format("password of {}", args.name);
  return "{}";
}

Result<std::string> session_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NewSession args, arguments<NewSession>(body));
  DRAY_TRY_ASSIGN(const store::UserRow user, require_user(context, args.user));
  if (!user.view.enabled) return fail(ErrorCode::denied, "user {} is disabled", quoted(args.user));
  DRAY_TRY_ASSIGN(const std::string hash, read_hash(args.hash, "hash"));
  DRAY_TRY(access(context).add_session(args, hash, context.now.wall));
  context.target = fmt::format("login of {}", args.user);
  return "{}";
}

Result<std::string> session_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const HashArgs args, arguments<HashArgs>(body));
  DRAY_TRY_ASSIGN(const std::string hash, read_hash(args.hash, "hash"));
  DRAY_TRY_ASSIGN(const auto session, access(context).session(hash));
  DRAY_TRY(access(context).remove_session(hash));
  context.target = fmt::format("logout of {}", session ? session->user : "nobody");
  return "{}";
}

Result<std::string> access_used(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(AccessUsed args, arguments<AccessUsed>(body));
  for (TokenUse& use : args.tokens) {
    use.address = shorten(escape_for_display(use.address), kMaxAddressBytes);
    DRAY_TRY(access(context).mark_used(use));
  }
  return "{}";
}

}  // namespace dray::verbs
