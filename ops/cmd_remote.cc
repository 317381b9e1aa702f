// dray remote ...
#include <algorithm>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/rclone_conf.h"
#include "ops/remote_seal.h"
#include "ops/views.h"
#include "schemas/job_check.h"

namespace dray::ops {
namespace {

constexpr size_t kMaxConf = 4 << 20;
constexpr size_t kMaxValueFile = 64 << 10;

std::string client_of(const Args& args) {
  return args.has("--client") ? args.text("--client") : "default";
}

Json scope(const Args& args) {
  Json body = Json::object();
  if (args.has("--client")) body["client"] = args.text("--client");
  return body;
}

Result<Exit> list(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.list", scope(args)));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RemoteListAnswer answer,
                  read_answer<RemoteListAnswer>("remote.list", text));
  if (answer.remotes.empty()) {
    context.out.line(
        "No remotes yet. `dray remote import ~/.config/rclone/rclone.conf` takes over "
        "what rclone knows.");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "REMOTE", .shrink = 1},
               {.title = "CLIENT", .shrink = 3},
               {.title = "TYPE", .shrink = 0},
               {.title = "USES", .shrink = 2},
               {.title = "VERSION", .align = Column::Align::right, .shrink = 0},
               {.title = "CHANGED", .shrink = 0}});
  for (const RemoteView& r : answer.remotes)
    table.row({r.name, r.client, r.type, fmt::format("{}", fmt::join(r.refers_to, ", ")),
               std::to_string(r.version), relative_text(r.updated_at, now)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> show(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const RemoteListAnswer all,
                  context.ask_as<RemoteListAnswer>("remote.list", {{"client", client_of(args)}}));
  const auto remote = std::ranges::find(all.remotes, args.text("NAME"), &RemoteView::name);
  if (remote == all.remotes.end())
    return fail(ErrorCode::not_found, "there is no remote {} of client {}",
                dray::quoted(args.text("NAME")), client_of(args));
  if (context.printed_json(to_json(RemoteAnswer{*remote}))) return Exit::ok;
  Fields fields;
  fields.add("remote", remote->name, Tint::bold);
  fields.add("client", remote->client);
  fields.add("type", remote->type);
  fields.add("uses", fmt::format("{}", fmt::join(remote->refers_to, ", ")));
  fields.add("version", std::to_string(remote->version));
  fields.add("changed", time_text(remote->updated_at));
  fields.add("runs at once",
             remote->max_concurrent == 0 ? "no cap" : std::to_string(remote->max_concurrent));
  fields.add("settings", fmt::format("sealed for the workers' key {}; only a worker can read them",
                                     remote->sealed_for));
  context.out.write(fields.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<std::string> read_value_file(const std::string& path) {
  DRAY_TRY_ASSIGN(std::string text, read_file(expand_home(path), kMaxValueFile));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text;
}

// "key=value" words. A value "@FILE" is read from the file; secrets on a command line are seen by
// everybody on the machine and stay in the shell's history, which is said.
Status take_words(Context& context, const std::vector<std::string>& words,
                  RemoteSettings& settings) {
  for (const std::string& word : words) {
    const size_t sign = word.find('=');
    if (sign == 0 || sign == std::string::npos)
      return fail(ErrorCode::invalid, "{} is not key=value", dray::quoted(word.substr(0, sign)));
    const std::string key = word.substr(0, sign);
    std::string value = word.substr(sign + 1);
    if (value.starts_with('@')) {
      DRAY_TRY_ASSIGN(value, annotate(read_value_file(value.substr(1)), key));
    } else if (looks_secret(key) && !value.empty()) {
      context.out.error_line(fmt::format(
          "dray: warning: {0} on the command line can be seen by others and stays in the shell's "
          "history; better {0}=@FILE, --prompt {0} or --stdin",
          clean_name(key)));
    }
    settings[key] = std::move(value);
  }
  return {};
}

Result<RemoteSettings> settings_from(Context& context, const Args& args) {
  RemoteSettings settings;
  DRAY_TRY(take_words(context, args.all("SETTING"), settings));
  if (args.has("--stdin")) {
    DRAY_TRY_ASSIGN(const std::string text, context.read_stdin());
    DRAY_TRY_ASSIGN(const auto sections, parse_rclone_conf("[stdin]\n" + text, "standard input"));
    for (const auto& [key, value] : sections.front().settings)
      settings[key] = value;
  }
  for (const std::string& key : args.all("--prompt")) {
    DRAY_TRY_ASSIGN(settings[key], context.out.read_secret(key + ": "));
  }
  return settings;
}

Result<Exit> add(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(RemoteSettings settings, settings_from(context, args));
  NewRemote remote;
  remote.name = args.text("NAME");
  remote.client = client_of(args);
  remote.type = args.text("TYPE");
  DRAY_TRY_ASSIGN(remote.max_concurrent, args.number("--max-concurrent", 0, 0, 1000));
  std::vector<std::string> notes;
  DRAY_TRY(take_over_files(remote.type, settings, read_value_file, notes));
  if (!args.has("--obscured")) obscure_settings(remote.type, settings);
  DRAY_TRY(collect_references(remote.type, settings, remote.refers_to));
  remote.settings = std::move(settings);
  DRAY_TRY_ASSIGN(Sealer sealer, Sealer::open(context, remote.client));
  DRAY_TRY_ASSIGN(const std::string text, sealer.put(remote, args.has("--replace")));
  if (context.printed_json(text)) return Exit::ok;
  for (const std::string& note : notes)
    context.out.line(clean_name(note));
  context.out.line(fmt::format("remote {} saved; `dray remote test {}` tries it",
                               clean_name(remote.name), clean_name(remote.name)));
  return Exit::ok;
}

struct ImportTotals {
  int imported = 0;
  int refused = 0;
  Json rows = Json::array();
};

Status import_one(Context& context, Sealer& sealer, const ImportItem& item,
                  const std::string& client, bool dry, ImportTotals& totals) {
  std::string refused = item.refused;
  if (refused.empty() && !dry) {
    const NewRemote remote{item.name, client, item.type, item.refers_to, 0, item.settings};
    if (const Result<std::string> put = sealer.put(remote, true); !put) {
      if (put.error().code == ErrorCode::unavailable || put.error().code == ErrorCode::timeout)
        return std::unexpected(put.error());
      refused = put.error().message;
    }
  }
  ++(refused.empty() ? totals.imported : totals.refused);
  totals.rows.push_back({{"original", item.original},
                         {"name", item.name},
                         {"type", item.type},
                         {"imported", refused.empty() && !dry},
                         {"refused", refused},
                         {"notes", item.notes}});
  if (context.json) return {};
  const bool colour = context.out.colour();
  context.out.line(fmt::format(
      "  {}  {} ({}){}",
      tinted(refused.empty() ? "ok" : "no", refused.empty() ? Tint::good : Tint::bad, colour),
      clean_name(item.original), clean_name(item.type),
      refused.empty() ? "" : ": " + clean_name(refused)));
  for (const std::string& note : item.notes)
    context.out.line("      " + clean_name(note));
  return {};
}

Result<Exit> import_conf(Context& context, const Args& args) {
  const std::string file = args.has("FILE") ? args.text("FILE") : "~/.config/rclone/rclone.conf";
  DRAY_TRY_ASSIGN(std::string text,
                  file == "-" ? context.read_stdin() : read_file(expand_home(file), kMaxConf));
  Result<std::vector<ConfSection>> sections =
      parse_rclone_conf(text, file == "-" ? "standard input" : file);
  wipe(text);
  if (!sections) return std::unexpected(std::move(sections.error()));
  if (sections->empty()) return fail(ErrorCode::not_found, "{}: no remotes in it", file);
  DRAY_TRY_ASSIGN(const std::vector<ImportItem> plan,
                  plan_import(*sections, args.all("--only"), read_value_file));
  const bool dry = args.has("--dry-run");
  DRAY_TRY_ASSIGN(Sealer sealer, dry ? Sealer() : Sealer::open(context, client_of(args)));
  ImportTotals totals;
  for (const ImportItem& item : plan)
    DRAY_TRY(import_one(context, sealer, item, client_of(args), dry, totals));
  if (context.json) {
    context.out.line(dump_json(Json{{"imported", dry ? 0 : totals.imported},
                                    {"refused", totals.refused},
                                    {"remotes", totals.rows}}));
  } else {
    context.out.line(fmt::format("{} {}, {} refused", totals.imported,
                                 dry ? "could be imported" : "imported", totals.refused));
  }
  return totals.refused == 0 ? Exit::ok : totals.imported > 0 ? Exit::warnings : Exit::failed;
}

Result<Exit> test(Context& context, const Args& args) {
  Json body = scope(args);
  body["name"] = args.text("NAME");
  if (args.has("--path")) body["path"] = args.text("--path");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.test", body));
  DRAY_TRY_ASSIGN(const ProbeResult result, read_answer<ProbeResult>("remote.test", text));
  const Exit exit = result.ok ? Exit::ok : Exit::failed;
  if (context.printed_json(text)) return exit;
  const std::string name = clean_name(args.text("NAME"));
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

Result<Exit> remove(Context& context, const Args& args) {
  Json body = scope(args);
  body["name"] = args.text("NAME");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.remove", body));
  if (!context.printed_json(text))
    context.out.line(fmt::format("remote {} removed", clean_name(args.text("NAME"))));
  return Exit::ok;
}

const OptionSpec kName{"NAME", "", "of the remote", Use::required, {}, "remote"};
const OptionSpec kClient{"--client",    "NAME", "whose remote it is (default: default)",
                         Use::optional, {},     "client"};

}  // namespace

std::vector<Command> remote_commands() {
  return {
      {"remote list",
       "List remotes. Their settings are sealed: only a worker can read them.",
       {kClient},
       "dray remote list",
       list},
      {"remote show",
       "Show a remote without its settings.",
       {kName, kClient},
       "dray remote show gdrive",
       show},
      {"remote add",
       "Make a remote of any type that rclone knows.",
       {{"NAME", "", "how jobs call it", Use::required},
        {"TYPE", "", "rclone backend, like s3, sftp, drive", Use::required},
        {"SETTING", "", "rclone options as key=value; key=@FILE reads the value from a file",
         Use::repeated},
        {"--stdin", "", "read further `key = value` lines from standard input"},
        {"--prompt", "KEY", "ask for this value on the terminal", Use::repeated},
        {"--obscured", "", "passwords are given as `rclone obscure` prints them"},
        {"--max-concurrent", "N", "runs at once on this account; 0: no cap"},
        {"--replace", "", "change the remote if it exists"},
        kClient},
       "dray remote add nas sftp host=nas.example.org user=backup key_file=~/.ssh/id_ed25519\n"
       "dray remote add s3 s3 provider=AWS region=eu-central-1 access_key_id=AKIA... "
       "--prompt secret_access_key",
       add,
       "The settings are sealed to the workers' public key before they leave this program. Private "
       "keys and service accounts named by file are read here and go along."},
      {"remote import",
       "Take over remotes from an rclone.conf, also crypt, alias and union.",
       {{"FILE",
         "",
         "rclone.conf, or - for standard input (default: ~/.config/rclone/rclone.conf)",
         Use::optional,
         {},
         "file"},
        {"--only", "NAME", "only this one and what it refers to", Use::repeated},
        {"--dry-run", "", "say what would happen, change nothing"},
        kClient},
       "dray remote import ~/.config/rclone/rclone.conf\n"
       "rclone config show | dray remote import - --only gdrive",
       import_conf,
       "An encrypted rclone.conf is opened by rclone: pipe `rclone config show` into it. Ends "
       "with 6 when some remotes were refused."},
      {"remote test",
       "List a remote on a worker and explain a failure in one sentence.",
       {kName, {"--path", "PATH", "below this path"}, kClient},
       "dray remote test gdrive --path Photos",
       test},
      {"remote remove", "Remove a remote.", {kName, kClient}, "dray remote remove gdrive", remove},
  };
}

}  // namespace dray::ops
