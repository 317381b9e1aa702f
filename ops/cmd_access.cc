// dray token ..., dray user ...: who may come in over HTTP.
#include "daemon/base/files.h"
#include "daemon/base/password.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/moment.h"
#include "ops/views.h"
#include "schemas/access.h"

namespace dray::ops {
namespace {

constexpr std::string_view kScopes = "read operate admin";

std::string client_text(const std::string& client) {
  return client.empty() ? "all" : client;
}

// ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

Result<Exit> list_tokens(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("token.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const TokenListAnswer answer, read_answer<TokenListAnswer>("token.list", text));
  Table table({{.title = "TOKEN", .shrink = 0},
               {.title = "NAME"},
               {.title = "SCOPE", .shrink = 0},
               {.title = "CLIENT"},
               {.title = "EXPIRES", .shrink = 0},
               {.title = "LAST USED", .shrink = 0},
               {.title = "FROM"}});
  for (const TokenView& t : answer.tokens)
    table.row({t.id, t.name, std::string(to_string(t.scope)), client_text(t.client),
               time_text(t.expires_at), time_text(t.last_used_at), t.last_address});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> create_token(Context& context, const Args& args) {
  const MadeToken made = make_token();
  Json body{{"id", made.id},
            {"name", args.text("NAME")},
            {"scope", args.has("--scope") ? args.text("--scope") : "read"},
            {"proof", base64_encode(token_proof(made.text))}};
  if (args.has("--client")) body["client"] = args.text("--client");
  if (args.has("--expires")) {
    DRAY_TRY_ASSIGN(const Duration time,
                    annotate(parse_duration(args.text("--expires")), "--expires"));
    body["expires_at"] =
        format_rfc3339(SystemClock().now().wall + std::chrono::floor<microseconds>(time));
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("token.put", body));
  DRAY_TRY_ASSIGN(const TokenAnswer answer, read_answer<TokenAnswer>("token.put", text));
  const std::string json =
      fmt::format(R"({{"token":{},"secret":{}}})", to_json(answer.token), json_quote(made.text));
  if (context.printed_json(json)) return Exit::ok;
  // The token alone on standard output, so that a script can take it.
  context.out.error_line("The token is shown this once; whoever has it may what it may:");
  context.out.line(made.text);
  return Exit::ok;
}

Result<Exit> revoke_token(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("token.remove", {{"id", args.text("TOKEN")}}));
  if (!context.printed_json(text))
    context.out.line(fmt::format("token {} is revoked", clean_name(args.text("TOKEN"))));
  return Exit::ok;
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────

Result<Exit> list_users(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("user.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const UserListAnswer answer, read_answer<UserListAnswer>("user.list", text));
  Table table({{.title = "USER"},
               {.title = "SCOPE", .shrink = 0},
               {.title = "CLIENT"},
               {.title = "STATE", .shrink = 0},
               {.title = "LAST LOGIN", .shrink = 0},
               {.title = "FROM"}});
  for (const UserView& u : answer.users)
    table.row({u.name, std::string(to_string(u.scope)), client_text(u.client),
               u.enabled ? "enabled" : "disabled", time_text(u.last_login_at), u.last_address});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<std::string> entered_password(Context& context) {
  std::string password;
  if (context.out.can_ask()) {
    DRAY_TRY_ASSIGN(password, context.out.read_secret("password: "));
    DRAY_TRY_ASSIGN(std::string again, context.out.read_secret("once more: "));
    const bool same = password == again;
    wipe(again);
    if (!same) return fail(ErrorCode::invalid, "the two passwords differ");
  } else {
    DRAY_TRY_ASSIGN(password, context.read_stdin());
    while (password.ends_with('\n') || password.ends_with('\r'))
      password.pop_back();
  }
  DRAY_TRY(check_password(password));
  const Result<std::string> hash = hash_password(password);
  wipe(password);
  return hash;
}

Result<Exit> put_user(Context& context, const Args& args, Json body, std::string_view done) {
  if (args.has("--scope")) body["scope"] = args.text("--scope");
  if (args.has("--client")) body["client"] = args.text("--client");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("user.put", body));
  if (!context.printed_json(text))
    context.out.line(fmt::format("user {} {}", clean_name(args.text("NAME")), done));
  return Exit::ok;
}

Result<Exit> add_user(Context& context, const Args& args) {
  Json body{{"name", args.text("NAME")}, {"create", true}, {"scope", "read"}};
  DRAY_TRY_ASSIGN(body["password"], entered_password(context));
  return put_user(context, args, std::move(body), "added");
}

Result<Exit> set_user(Context& context, const Args& args) {
  Json body{{"name", args.text("NAME")}, {"create", false}};
  if (args.has("--enable")) body["enabled"] = true;
  if (args.has("--disable")) body["enabled"] = false;
  return put_user(context, args, std::move(body), "changed; their logins have ended");
}

Result<Exit> set_password(Context& context, const Args& args) {
  Json body{{"name", args.text("NAME")}, {"create", false}};
  DRAY_TRY_ASSIGN(body["password"], entered_password(context));
  return put_user(context, args, std::move(body), "has a new password; their logins have ended");
}

Result<Exit> remove_user(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("user.remove", {{"name", args.text("NAME")}}));
  if (!context.printed_json(text))
    context.out.line(fmt::format("user {} removed", clean_name(args.text("NAME"))));
  return Exit::ok;
}

const OptionSpec kUserName{"NAME", "", "of the user", Use::required};
const OptionSpec kScope{"--scope", "SCOPE",
                        "what they may; read sees, operate also runs and edits "
                        "jobs, admin everything",
                        Use::optional, kScopes};
const OptionSpec kClient{"--client",    "CLIENT", "they see and change nothing of any other",
                         Use::optional, {},       "client"};

}  // namespace

std::vector<Command> access_commands() {
  return {
      {"token list",
       "List API tokens and when they were used last.",
       {},
       "dray token list",
       list_tokens},
      {"token create",
       "Make a token for a program that uses the API.",
       {{"NAME", "", "what it is for", Use::required},
        kScope,
        kClient,
        {"--expires", "TIME", "it ends after this time, like 90d"}},
       "dray token create prometheus\ndray token create portal --scope operate --client acme",
       create_token},
      {"token revoke",
       "Make a token worthless, at once.",
       {{"TOKEN", "", "its id, as `dray token list` shows it", Use::required}},
       "dray token revoke 1f2e3d4c5b6a",
       revoke_token},
      {"user list", "List people who can log in.", {}, "dray user list", list_users},
      {"user add",
       "Let a person log in; the password is asked for, or read from standard input.",
       {kUserName, kScope, kClient},
       "dray user add ann --scope admin",
       add_user},
      {"user set",
       "Change what a person may.",
       {kUserName,
        kScope,
        kClient,
        {"--enable", "", "let them log in again"},
        {"--disable", "", "let them log in no more"}},
       "dray user set ann --scope operate",
       set_user},
      {"user password",
       "Give a person a new password.",
       {kUserName},
       "dray user password ann",
       set_password},
      {"user remove", "Remove a person.", {kUserName}, "dray user remove ann", remove_user},
  };
}

}  // namespace dray::ops
