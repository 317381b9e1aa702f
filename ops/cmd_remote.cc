// dray remote ...
#include <algorithm>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/rclone_conf.h"
#include "ops/remote_entry.h"
#include "ops/remote_form.h"
#include "ops/remote_seal.h"
#include "ops/views.h"
#include "schemas/answers_remotes.h"

namespace dray::ops {
namespace {

constexpr size_t kMaxConf = 4 << 20;

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
               {.title = "CHANGED", .shrink = 0},
               {.title = "LOGIN", .shrink = 0}});
  for (const RemoteView& r : answer.remotes)
    table.row({r.name, r.client, r.type, fmt::format("{}", fmt::join(r.refers_to, ", ")),
               std::to_string(r.version), relative_text(r.updated_at, now),
               r.login_at == WallTime{} ? "" : relative_text(r.login_at, now)});
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
  const bool login = remote->login_at != WallTime{};
  if (login)
    fields.add("login", fmt::format("made or renewed {} ({})",
                                    relative_text(remote->login_at, SystemClock{}.now().wall),
                                    time_text(remote->login_at)));
  fields.add("runs at once", login ? "one: two that renew one login can make it worthless"
                             : remote->max_concurrent == 0
                                 ? "no cap"
                                 : std::to_string(remote->max_concurrent));
  fields.add("settings", fmt::format("sealed for the workers' key {}; only a worker can read them",
                                     remote->sealed_for));
  context.out.write(fields.text(context.out.width(), context.out.colour()));
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
  return test_remote(context, args.text("NAME"), client_of(args), args.text("--path"));
}

Result<Exit> about(Context& context, const Args& args) {
  Json body = scope(args);
  body["name"] = args.text("NAME");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.about", body));
  DRAY_TRY_ASSIGN(const RemoteSpace space, read_answer<RemoteSpace>("remote.about", text));
  if (context.printed_json(text)) return Exit::ok;
  if (!space.known) {
    context.out.line("This kind of remote does not tell how much room it has.");
    return Exit::ok;
  }
  Fields fields;
  const auto add = [&](const char* name, const std::optional<uint64_t>& bytes) {
    if (bytes) fields.add(name, human_bytes(*bytes));
  };
  add("total", space.total);
  add("used", space.used);
  add("free", space.free);
  add("in the bin", space.trashed);
  if (space.objects) fields.add("objects", std::to_string(*space.objects));
  context.out.write(fields.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> browse(Context& context, const Args& args) {
  Json body = scope(args);
  body["name"] = args.text("NAME");
  body["path"] = args.text("PATH");
  body["files"] = args.has("--files");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("remote.browse", body));
  DRAY_TRY_ASSIGN(const RemoteEntries found, read_answer<RemoteEntries>("remote.browse", text));
  if (context.printed_json(text)) return Exit::ok;
  for (const std::string& entry : found.entries)
    context.out.line(clean_name(entry));
  if (found.truncated) context.out.line("…");
  return Exit::ok;
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
  std::vector<Command> commands{
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
      {"remote about",
       "How much room a remote has, where it tells.",
       {kName, kClient},
       "dray remote about gdrive",
       about},
      {"remote browse",
       "List the directories of a remote.",
       {kName,
        {"PATH", "", "below this path", Use::optional},
        {"--files", "", "files as well"},
        kClient},
       "dray remote browse gdrive Photos",
       browse},
      {"remote remove", "Remove a remote.", {kName, kClient}, "dray remote remove gdrive", remove},
  };
  // Behind "show": making and changing.
  std::vector<Command> entering = remote_entry_commands();
  commands.insert(commands.begin() + 2, std::make_move_iterator(entering.begin()),
                  std::make_move_iterator(entering.end()));
  return commands;
}

}  // namespace dray::ops
