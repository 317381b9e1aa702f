// dray pause, dray resume, dray priority, dray rerun, dray maintenance ...
#include "daemon/base/quote.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/run_id.h"
#include "ops/views.h"
#include "schemas/answers_bandwidth.h"
#include "schemas/codec.h"
#include "schemas/limits.h"

namespace dray::ops {
namespace {

Result<Json> runs_of(const Args& args) {
  Json runs = Json::array();
  for (const std::string& text : args.all("RUN")) {
    DRAY_TRY_ASSIGN(const RunId run, parse_run(text));
    runs.push_back(run.value);
  }
  return runs;
}

Exit worse(Exit a, Exit b) {
  if (a == Exit::not_found || b == Exit::not_found) return Exit::not_found;
  return a == Exit::ok ? b : a;
}

// One line for each run, and the exit code that says what became of them.
Exit show_rows(Context& context, const PauseAnswer& answer) {
  Exit exit = Exit::ok;
  for (const PauseRow& row : answer.runs) {
    const std::string line = fmt::format("run {} {}", row.run.value, clean_name(row.message));
    if (row.code != 0) exit = worse(exit, exit_of(from_wire_code(row.code)));
    if (context.json) continue;
    row.code == 0 ? context.out.line(line) : context.out.error_line("dray: " + line);
  }
  return exit;
}

Result<Exit> ask_and_show(Context& context, std::string_view verb, const Json& body,
                          const std::string& headline) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask(verb, body));
  DRAY_TRY_ASSIGN(const PauseAnswer answer, read_answer<PauseAnswer>(verb, text));
  if (!context.printed_json(text) && !headline.empty()) context.out.line(headline);
  return show_rows(context, answer);
}

// Exactly one of RUN..., --job, --client.
Status check_target(const Args& args, std::string_view what) {
  const int ways = !args.all("RUN").empty() + args.has("--job") + args.has("--client");
  if (ways == 1) return {};
  return fail(ErrorCode::invalid,
              "dray {0}: say what to {0} in one way: RUN..., --job J or --client C", what);
}

Result<Exit> set_paused(Context& context, const Args& args, bool paused) {
  DRAY_TRY(check_target(args, paused ? "pause" : "resume"));
  Json body;
  if (paused) body["reason"] = args.text("--reason");
  if (!args.all("RUN").empty()) {
    if (args.has("--stop"))
      return fail(ErrorCode::invalid, "--stop: a run that is paused is always stopped");
    DRAY_TRY_ASSIGN(body["runs"], runs_of(args));
    return ask_and_show(context, paused ? "run.pause" : "run.resume", body, "");
  }
  const bool job = args.has("--job");
  const std::string& name = args.text(job ? "--job" : "--client");
  body["name"] = name;
  body["paused"] = paused;
  if (paused) body["stop"] = args.has("--stop");
  return ask_and_show(context, job ? "job.pause" : "client.pause", body,
                      fmt::format("{} {} {}", job ? "job" : "client", clean_name(name),
                                  paused ? "is paused: no run of it starts" : "goes on"));
}
Result<Exit> pause(Context& context, const Args& args) {
  return set_paused(context, args, true);
}
Result<Exit> resume(Context& context, const Args& args) {
  return set_paused(context, args, false);
}

Result<Exit> priority(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("RUN")));
  DRAY_TRY_ASSIGN(const int64_t number,
                  args.number("N", 0, limits::kMinPriority, limits::kMaxPriority));
  return ask_and_show(context, "run.priority", {{"run", run.value}, {"priority", number}}, "");
}

Result<Exit> rerun(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("RUN")));
  Enqueue question;
  question.rerun_of = run;
  question.dry_run = args.has("--dry-run");
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  DRAY_TRY_ASSIGN(const Enqueued answer, daemon->enqueue(question));
  if (answer.code != 0) return std::unexpected(Error{from_wire_code(answer.code), answer.message});
  if (context.json)
    context.out.line(dump_json(Json{{"run", answer.run.value}, {"rerun_of", run.value}}));
  else
    context.out.line(fmt::format("run {0} repeats run {1}; `dray watch {0}` shows it",
                                 answer.run.value, run.value));
  return Exit::ok;
}

Result<Exit> maintenance(Context& context, const Args& args, bool on) {
  Json body{{"paused", on}};
  if (on) body["reason"] = args.text("--reason");
  if (on) body["stop"] = args.has("--stop");
  return ask_and_show(context, "queue.pause", body,
                      !on                  ? "Maintenance is over: runs start again."
                      : args.has("--stop") ? "Maintenance: no run starts, what runs is stopped and "
                                             "goes on afterwards."
                                           : "Maintenance: no run starts; what runs goes on.");
}
Result<Exit> maintenance_on(Context& context, const Args& args) {
  return maintenance(context, args, true);
}
Result<Exit> maintenance_off(Context& context, const Args& args) {
  return maintenance(context, args, false);
}

const OptionSpec kRuns{"RUN", "", "numbers of runs", Use::repeated, {}, "run"};
const OptionSpec kRun{"RUN", "", "number of the run", Use::required, {}, "run"};
const OptionSpec kReason{"--reason", "TEXT", "why; shown with it, in events and in logs"};

}  // namespace

std::vector<Command> pause_commands() {
  return {
      {"pause",
       "Stop runs so that they go on later, or let no run of a job or client start.",
       {kRuns,
        {"--job", "NAME", "let no run of this job start", Use::optional, {}, "job"},
        {"--client", "NAME", "let no run of this client start", Use::optional, {}, "client"},
        {"--stop", "", "with --job or --client: pause what runs, too"},
        kReason},
       "dray pause 42 --reason \"the line is needed\"\ndray pause --job photos --stop",
       pause,
       "A paused run keeps its number and goes on as its next attempt: what was copied is not "
       "copied again. It waits until `dray resume`."},
      {"resume",
       "Let paused runs, a job or a client go on.",
       {kRuns,
        {"--job", "NAME", "the job and its paused runs", Use::optional, {}, "job"},
        {"--client", "NAME", "the client and its paused runs", Use::optional, {}, "client"}},
       "dray resume 42\ndray resume --job photos",
       resume},
      {"priority",
       "Move a waiting run in the queue.",
       {kRun, {"N", "", "-100 to 100; higher goes first", Use::required}},
       "dray priority 42 10",
       priority},
      {"rerun",
       "Run again what a run did: a new run that refers to it.",
       {kRun, {"--dry-run", "", "show what would be done, change nothing"}},
       "dray rerun 42",
       rerun},
      {"maintenance on",
       "Let no run start, for everybody.",
       {kReason, {"--stop", "", "stop what runs; it goes on afterwards"}},
       "dray maintenance on --reason \"new disks\" --stop",
       maintenance_on},
      {"maintenance off", "Let runs start again.", {}, "dray maintenance off", maintenance_off},
  };
}

}  // namespace dray::ops
