// dray approve, dray reject: what becomes of a run that its guard held.
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/run_id.h"
#include "ops/watch.h"

namespace dray::ops {
namespace {

Result<Exit> decide(Context& context, const Args& args, bool approve) {
  DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("RUN")));
  Json body{{"run", run.value}};
  if (args.has("--reason")) body["reason"] = args.text("--reason");
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask(approve ? "run.approve" : "run.reject", body));
  if (args.has("--wait")) {
    DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
    WatchOptions options;
    options.silent = context.json;
    DRAY_TRY_ASSIGN(const WatchEnd end, watch_run(context, *daemon, run, options));
    if (context.json) context.printed_json(end.last_json);
    return exit_of(end);
  }
  if (context.printed_json(text)) return Exit::ok;
  context.out.line(
      approve ? fmt::format("run {0} is approved and queued; `dray watch {0}` shows it", run.value)
              : fmt::format("run {} is rejected; nothing was changed", run.value));
  return Exit::ok;
}

Result<Exit> approve(Context& context, const Args& args) {
  return decide(context, args, true);
}
Result<Exit> reject(Context& context, const Args& args) {
  return decide(context, args, false);
}

const OptionSpec kRun{"RUN", "", "its number", Use::required, {}, "run"};
const OptionSpec kReason{"--reason", "TEXT", "why; shown with the run, in events and in the audit"};

}  // namespace

std::vector<Command> hold_commands() {
  return {{"approve",
           "Let a held run go on: it deletes and overwrites what its guard counted.",
           {kRun, kReason, {"--wait", "", "watch it and end with its outcome"}},
           "dray approve 42 --reason \"the old albums were removed on purpose\"",
           approve,
           "`dray runs show RUN` tells what the guard counted. Ends with 5 when the run is not "
           "held."},
          {"reject",
           "Give a held run up: it ends as cancelled, and nothing was changed.",
           {kRun, kReason},
           "dray reject 42 --reason \"the source was wiped by accident\"",
           reject}};
}

}  // namespace dray::ops
