// dray workers ...
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"
#include "schemas/answers_programs.h"

namespace dray::ops {
namespace {

Result<Exit> list(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("worker.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const WorkerListAnswer answer,
                  read_answer<WorkerListAnswer>("worker.list", text));
  if (answer.workers.empty()) {
    context.out.line("No worker has ever connected. Is dray-worker running?");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "WORKER"},
               {.title = "STATE", .shrink = 0},
               {.title = "SLOTS", .align = Column::Align::right, .shrink = 0},
               {.title = "RCLONE", .shrink = 2},
               {.title = "VERSION", .shrink = 2},
               {.title = "KEY", .shrink = 3},
               {.title = "SEEN", .shrink = 0}});
  for (const WorkerView& w : answer.workers) {
    const Cell state = !w.connected ? Cell("away", Tint::bad)
                       : w.drain    ? Cell("draining", Tint::warn)
                                    : Cell("ready", Tint::good);
    table.row({w.name, state, fmt::format("{}/{}", w.busy, w.slots), w.rclone_version, w.version,
               w.seal_fingerprint, w.connected ? "now" : relative_text(w.last_seen, now)});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> set_drain(Context& context, const Args& args, bool drain) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("worker.drain", {{"name", args.text("NAME")}, {"drain", drain}}));
  if (!context.printed_json(text))
    context.out.line(
        fmt::format("worker {} {}", clean_name(args.text("NAME")),
                    drain ? "gets no new runs; what runs there goes on" : "gets runs again"));
  return Exit::ok;
}
Result<Exit> drain(Context& context, const Args& args) {
  return set_drain(context, args, true);
}
Result<Exit> resume(Context& context, const Args& args) {
  return set_drain(context, args, false);
}

void add_programs(Table& table, std::string_view kind, const std::vector<ProgramView>& programs) {
  for (const ProgramView& program : programs) {
    std::vector<std::string> settings;
    for (const auto& [name, pattern] : program.settings)
      settings.push_back(fmt::format("{}={}", name, pattern));
    table.row(
        {kind, program.name, fmt::format("{}", fmt::join(settings, ", ")), program.description});
  }
}

Result<Exit> programs(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("NAME")) body["name"] = args.text("NAME");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("worker.programs", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const ProgramsAnswer answer,
                  read_answer<ProgramsAnswer>("worker.programs", text));
  Table table({{.title = "KIND", .shrink = 0},
               {.title = "NAME", .shrink = 0},
               {.title = "SETTINGS", .shrink = 2},
               {.title = "DESCRIPTION", .shrink = 3}});
  add_programs(table, "hook", answer.hooks);
  add_programs(table, "command", answer.commands);
  if (table.empty()) {
    context.out.line(
        "None. [hooks.NAME] and [commands.NAME] of the worker's configuration list "
        "them.");
    return Exit::ok;
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

const OptionSpec kName{"NAME", "", "of the worker", Use::required, {}, "worker"};

}  // namespace

std::vector<Command> worker_commands() {
  return {
      {"workers list", "List workers.", {}, "dray workers", list},
      {"workers programs",
       "Show the hooks and commands that jobs may name on a worker.",
       {{"NAME", "", "of the worker; any when left out", Use::optional, {}, "worker"}},
       "dray workers programs",
       programs},
      {"workers drain",
       "Give a worker no new runs; what runs there goes on.",
       {kName},
       "dray workers drain node1",
       drain},
      {"workers resume",
       "Give a drained worker runs again.",
       {kName},
       "dray workers resume node1",
       resume},
  };
}

}  // namespace dray::ops
