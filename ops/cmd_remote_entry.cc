// dray remote add, edit, authorize, types
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/format.h"
#include "ops/oauth_token.h"
#include "ops/remote_entry.h"
#include "ops/remote_form.h"
#include "ops/remote_host_key.h"
#include "ops/remote_seal.h"
#include "ops/views.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_types.h"

namespace dray::ops {
namespace {

std::string client_of(const Args& args) {
  return args.has("--client") ? args.text("--client") : "default";
}

HostKeyChoice host_key_choice(const Args& args) {
  return {args.has("--accept-host-key"), args.all("--host-key")};
}

void print_notes(Context& context, const std::vector<std::string>& notes) {
  for (const std::string& note : notes)
    context.out.line(clean_name(note));
}

// Where a person is at both ends, what is missing is asked for.
bool may_ask(const Context& context, const Args& args) {
  return !context.json && !args.has("--stdin") && args.all("--secret").empty() &&
         context.out.can_ask();
}

void say_authorize(Context& context, const std::string& name) {
  context.out.line(fmt::format("It has no login yet: `dray remote authorize {}`", name));
}

// After adding and changing: does it work? The change stays whatever comes out.
Result<Exit> test_after(Context& context, const Args& args, const std::string& name) {
  if (args.has("--no-test") || context.json) return Exit::ok;
  Result<Exit> tested = test_remote(context, name, client_of(args), "");
  if (tested && *tested == Exit::ok) return Exit::ok;
  if (!tested)
    context.out.error_line(fmt::format("dray: remote {} is saved, but could not be tested: {}",
                                       clean_name(name), clean_name(tested.error().message)));
  return Exit::warnings;
}

// ── add ─────────────────────────────────────────────────────────────────────────────────────────

Result<Exit> add(Context& context, const Args& args) {
  const std::string& type = args.text("TYPE");
  DRAY_TRY_ASSIGN(RemoteSettings entered, entered_settings(context, args));
  DRAY_TRY_ASSIGN(Form form, fill_form(context, type, std::move(entered),
                                       {.name = args.text("NAME"),
                                        .ask = may_ask(context, args),
                                        .obscured = args.has("--obscured")}));
  if (form.type == "sftp" && !args.has("--any-host-key"))
    DRAY_TRY(pin_host_key(context, host_key_choice(args), form.settings, form.notes));
  NewRemote remote;
  remote.name = args.text("NAME");
  remote.client = client_of(args);
  remote.type = form.type;
  DRAY_TRY_ASSIGN(remote.max_concurrent, args.number("--max-concurrent", 0, 0, 1000));
  DRAY_TRY(collect_references(remote.type, form.settings, remote.refers_to));
  remote.settings = std::move(form.settings);
  DRAY_TRY_ASSIGN(Sealer sealer, Sealer::open(context, remote.client));
  DRAY_TRY_ASSIGN(const std::string text, sealer.put(remote, args.has("--replace")));
  if (context.printed_json(text)) return Exit::ok;
  print_notes(context, form.notes);
  context.out.line(fmt::format("remote {} saved", clean_name(remote.name)));
  if (form.lacks_login) {
    say_authorize(context, clean_name(remote.name));
    return Exit::ok;
  }
  return test_after(context, args, remote.name);
}

// ── edit ────────────────────────────────────────────────────────────────────────────────────────

Result<Exit> edit(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(RemoteSettings entered, entered_settings(context, args));
  DRAY_TRY_ASSIGN(Sealer sealer, Sealer::open(context, client_of(args)));
  DRAY_TRY_ASSIGN(const RemoteView remote, sealer.find(args.text("NAME")));
  DRAY_TRY_ASSIGN(Form form, fill_change(context, remote, std::move(entered)));
  const HostKeyChoice choice = host_key_choice(args);
  if (choice.accept || !choice.wanted.empty())
    DRAY_TRY(pin_host_key(context, choice, form.settings, form.notes));
  SettingsPatch patch{std::move(form.settings), args.all("--unset")};
  DRAY_TRY_ASSIGN(const int64_t cap,
                  args.number("--max-concurrent", remote.max_concurrent, 0, 1000));
  if (patch.set.empty() && patch.unset.empty() && cap == remote.max_concurrent)
    return fail(ErrorCode::invalid,
                "nothing to change: give key=value, --unset KEY or --prompt KEY");
  DRAY_TRY_ASSIGN(const std::string text, sealer.change(remote, patch, static_cast<uint32_t>(cap)));
  if (context.printed_json(text)) return Exit::ok;
  print_notes(context, form.notes);
  context.out.line(fmt::format("remote {} changed", clean_name(remote.name)));
  return test_after(context, args, remote.name);
}

// ── authorize ───────────────────────────────────────────────────────────────────────────────────

Result<std::string> pasted_text(Context& context, const RemoteView& remote) {
  if (!context.out.can_ask()) return context.read_stdin();
  context.out.line(fmt::format(
      "On a machine with a browser and rclone, run\n"
      "    rclone authorize \"{0}\"\n"
      "or, with a client id of your own, rclone authorize \"{0}\" \"CLIENT_ID\" \"CLIENT_SECRET\"\n"
      "with the ones that the remote has. Log in there and copy what it prints from {{ to }}.",
      clean_name(remote.type)));
  return context.out.read_secret("Paste it here (it is not shown): ");
}

Result<Exit> authorize(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(Sealer sealer, Sealer::open(context, client_of(args)));
  DRAY_TRY_ASSIGN(const RemoteView remote, sealer.find(args.text("NAME")));
  DRAY_TRY_ASSIGN(std::string pasted, pasted_text(context, remote));
  Result<PastedToken> token = read_pasted_token(pasted);
  wipe(pasted);
  if (!token) return std::unexpected(token.error());
  SettingsPatch patch;
  patch.set["token"] = std::move(token->json);
  DRAY_TRY_ASSIGN(const std::string text, sealer.change(remote, patch, remote.max_concurrent));
  if (context.printed_json(text)) return Exit::ok;
  if (!token->refreshable)
    context.out.error_line(
        "dray: warning: this login cannot be renewed and ends when it expires; was it made for "
        "offline access?");
  context.out.line(fmt::format("remote {} has a new login", clean_name(remote.name)));
  return test_after(context, args, remote.name);
}

// ── types ───────────────────────────────────────────────────────────────────────────────────────

std::string first_line(std::string_view text) {
  return clean_name(std::string(text.substr(0, text.find('\n'))));
}

void print_fields(Context& context, const RemoteType& type) {
  context.out.line(fmt::format("{}: {}", type.name, type.title));
  Table table({{.title = "FIELD", .shrink = 0}, {.title = "", .shrink = 0}, {.title = "WHAT"}});
  for (const RemoteField& field : type.fields) {
    const std::string_view need = field.required                    ? "needed"
                                  : !field.one_of.empty()           ? "one of"
                                  : field.kind == FieldKind::secret ? "secret"
                                                                    : "";
    const std::string otherwise =
        field.otherwise.empty() ? "" : fmt::format(" (default: {})", field.otherwise);
    table.row({std::string(field.name), std::string(need), std::string(field.help) + otherwise});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  if (!type.note.empty()) context.out.line(type.note);
  if (type.login)
    context.out.line("After adding it: `dray remote authorize NAME` takes the login.");
}

Result<Exit> show_backend(Context& context, const std::string& name) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.types", {{"type", name}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const ProvidersAnswer answer, read_answer<ProvidersAnswer>("remote.types", text));
  for (const RcloneBackend& backend : answer.backends) {
    context.out.line(
        fmt::format("{}: {}", clean_name(backend.name), clean_name(backend.description)));
    if (!backend.refused.empty())
      context.out.line(fmt::format("Not allowed: {}", clean_name(backend.refused)));
    Table table({{.title = "OPTION", .shrink = 0}, {.title = "", .shrink = 0}, {.title = "WHAT"}});
    for (const BackendOption& option : backend.options) {
      const bool hidden = option.secret || looks_secret(option.name);
      const std::string_view need = !option.refused.empty() ? "not allowed"
                                    : option.required       ? "needed"
                                    : hidden                ? "secret"
                                                            : "";
      table.row({clean_name(option.name), std::string(need),
                 option.refused.empty() ? first_line(option.help) : clean_name(option.refused)});
    }
    context.out.write(table.text(context.out.width(), context.out.colour()));
  }
  return Exit::ok;
}

Result<Exit> types(Context& context, const Args& args) {
  if (args.has("TYPE")) {
    const RemoteType* known = find_remote_type(args.text("TYPE"));
    if (known == nullptr || args.has("--all") || context.json)
      return show_backend(context,
                          known != nullptr ? std::string(known->backend) : args.text("TYPE"));
    print_fields(context, *known);
    return Exit::ok;
  }
  if (context.json) {
    DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.types"));
    context.printed_json(text);
    return Exit::ok;
  }
  Table table({{.title = "TYPE", .shrink = 0}, {.title = "WHAT"}});
  for (const RemoteType& type : remote_types())
    table.row({std::string(type.name), std::string(type.title)});
  const Result<ProvidersAnswer> answer = context.ask_as<ProvidersAnswer>("remote.types");
  if (answer)
    for (const RcloneBackend& backend : answer->backends)
      if (backend.refused.empty() && find_remote_type(backend.name) == nullptr)
        table.row({clean_name(backend.name), clean_name(backend.description)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  context.out.line(answer ? "`dray remote types TYPE` says what one takes."
                          : "Further types of rclone show when a worker is connected.");
  return Exit::ok;
}

const OptionSpec kName{"NAME", "", "of the remote", Use::required, {}, "remote"};
const OptionSpec kClient{"--client",    "NAME", "whose remote it is (default: default)",
                         Use::optional, {},     "client"};
const OptionSpec kSetting{
    "SETTING", "", "settings as key=value; key=@FILE reads the value from a file", Use::repeated};
const OptionSpec kStdin{"--stdin", "", "read further `key = value` lines from standard input"};
const OptionSpec kSecret{"--secret", "FIELD[=FILE]",
                         "take this value from standard input, or from a file", Use::repeated};
const OptionSpec kPrompt{"--prompt", "KEY", "ask for this value on the terminal", Use::repeated};
const OptionSpec kAccept{"--accept-host-key", "", "sftp: take the key that the server shows now"};
const OptionSpec kHostKey{"--host-key", "KEY",
                          "sftp: the server's key, as SHA256:... or \"ssh-ed25519 AAAA...\"",
                          Use::repeated};
const OptionSpec kCap{"--max-concurrent", "N", "runs at once on this account; 0: no cap"};
const OptionSpec kNoTest{"--no-test", "", "do not list it on a worker afterwards"};

}  // namespace

Result<Exit> test_remote(Context& context, const std::string& remote, const std::string& client,
                         const std::string& path) {
  Json body{{"name", remote}, {"client", client}};
  if (!path.empty()) body["path"] = path;
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.test", body));
  DRAY_TRY_ASSIGN(const ProbeResult result, read_answer<ProbeResult>("remote.test", text));
  const Exit exit = result.ok ? Exit::ok : Exit::failed;
  if (context.printed_json(text)) return exit;
  const std::string name = clean_name(remote);
  if (!result.ok) {
    context.out.error_line(fmt::format("dray: remote {} does not work ({}): {}", name,
                                       to_string(result.error_class), clean_name(result.hint)));
    if (!result.deciding_line.empty())
      context.out.error_line("  rclone said: " + clean_name(result.deciding_line));
    return exit;
  }
  context.out.line(fmt::format("remote {} works: {} entr{} listed in {}", name,
                               result.entries_total, result.entries_total == 1 ? "y" : "ies",
                               human_duration(milliseconds{result.duration_ms})));
  for (const std::string& entry : result.entries)
    context.out.line("  " + clean_name(entry));
  if (result.entries_total > result.entries.size()) context.out.line("  …");
  return exit;
}

std::vector<Command> remote_entry_commands() {
  return {
      {"remote add",
       "Make a remote. On a terminal, what its type needs is asked for.",
       {{"NAME", "", "how jobs call it", Use::required},
        {"TYPE", "", "s3, sftp, drive ...: `dray remote types` lists them", Use::required},
        kSetting,
        kStdin,
        kSecret,
        kPrompt,
        kAccept,
        kHostKey,
        {"--any-host-key", "", "sftp: do not compare the server's key with anything"},
        kCap,
        kNoTest,
        {"--replace", "", "change the remote if it exists"},
        {"--obscured", "", "passwords are given as `rclone obscure` prints them"},
        kClient},
       "dray remote add nas sftp host=nas.example.org user=backup key_file=~/.ssh/id_ed25519\n"
       "dray remote add store ceph endpoint=https://s3.example.org access_key_id=AKIA... "
       "--prompt secret_access_key",
       add,
       "The settings are sealed to the workers' public key before they leave this program. Private "
       "keys and service accounts named by file are read here and go along. The remote is tested "
       "afterwards; ends with 6 when it was saved and does not work."},
      {"remote edit",
       "Change settings of a remote; the others stay as they are.",
       {kName,
        kSetting,
        {"--unset", "KEY", "remove this setting", Use::repeated},
        kStdin,
        kSecret,
        kPrompt,
        kAccept,
        kHostKey,
        kCap,
        kNoTest,
        kClient},
       "dray remote edit nas --prompt pass\n"
       "dray remote edit nas host=nas.example.org --accept-host-key",
       edit,
       "A worker puts the change into the sealed settings. Who changes where the remote is has to "
       "enter its secrets again."},
      {"remote authorize",
       "Give a remote a login that was made in a browser with `rclone authorize`.",
       {kName, kNoTest, kClient},
       "dray remote authorize gdrive\n"
       "dray remote authorize gdrive < token.json",
       authorize},
      {"remote types",
       "List the types of remotes, or what one of them takes.",
       {{"TYPE", "", "of remote", Use::optional},
        {"--all", "", "every option that rclone has for it"}},
       "dray remote types\ndray remote types sftp",
       types},
  };
}

}  // namespace dray::ops
