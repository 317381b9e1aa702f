// dray run, runs, why, watch
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/moment.h"
#include "ops/report_view.h"
#include "ops/run_id.h"
#include "ops/start_run.h"
#include "ops/text_width.h"
#include "ops/views.h"
#include "ops/watch.h"
#include "schemas/codec.h"

namespace dray::ops {
namespace {

constexpr int64_t kDefaultLimit = 25;

Result<Exit> run(Context& context, const Args& args) {
  Enqueue question;
  question.job = args.text("JOB");
  question.dry_run = args.has("--dry-run");
  if (args.has("--priority")) {
    DRAY_TRY_ASSIGN(const int64_t priority, args.number("--priority", 0, -100, 100));
    question.priority = static_cast<int32_t>(priority);
  }
  return start_run(context, args, std::move(question));
}

Result<Exit> watch(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::optional<Duration> timeout, timeout_of(args));
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  if (!args.has("RUN")) return watch_all(context, *daemon);
  DRAY_TRY_ASSIGN(const RunId run_id, parse_run(args.text("RUN")));
  WatchOptions options;
  options.timeout = timeout;
  options.stream_json = context.json;
  DRAY_TRY_ASSIGN(const WatchEnd end, watch_run(context, *daemon, run_id, options));
  return exit_of(end);
}

Result<Exit> list(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const int64_t limit, args.number("--limit", kDefaultLimit, 1, 500));
  Json body{{"limit", limit}};
  for (const std::string_view key : {"--job", "--client", "--state"})
    if (args.has(key)) body[std::string(key.substr(2))] = args.text(key);
  for (const std::string_view key : {"--since", "--until"}) {
    if (!args.has(key)) continue;
    DRAY_TRY_ASSIGN(body[std::string(key.substr(2))], moment(args, key));
  }
  if (args.has("--before")) {
    DRAY_TRY_ASSIGN(const RunId before, parse_run(args.text("--before")));
    body["before"] = before.value;
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("run.list", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RunListAnswer answer, read_answer<RunListAnswer>("run.list", text));
  if (answer.runs.empty()) {
    context.out.line("No runs. `dray run JOB` starts one.");
    return Exit::ok;
  }
  context.out.write(run_table(answer.runs, SystemClock{}.now().wall)
                        .text(context.out.width(), context.out.colour()));
  if (answer.runs.size() == static_cast<size_t>(limit))
    context.out.line(fmt::format("Older ones: --before {}", answer.runs.back().run.value));
  return Exit::ok;
}

Fields run_fields(const RunView& run) {
  const WallTime now = SystemClock{}.now().wall;
  Fields fields;
  fields.add("run", std::to_string(run.run.value), Tint::bold);
  fields.add("job", fmt::format("{} (client {})", run.job, run.client));
  fields.add("state", to_string(run.state), state_tint(run.state));
  if (run.outcome != Outcome::none) fields.add("outcome", to_string(run.outcome));
  if (run.error_class != ErrorClass::none) fields.add("class", to_string(run.error_class));
  fields.add("what to do", run.hint);
  if (!run.cancel_requested) fields.add("reason", run.reason);
  if (run.cancel_requested)
    fields.add("cancel", fmt::format("{}: {}", run.cancel_by, run.cancel_reason));
  fields.add("started by", run.asked_by.empty() ? run.trigger : run.asked_by);
  if (run.dry_run) fields.add("dry run", "yes");
  fields.add("scheduled", time_text(run.scheduled_at));
  fields.add("queued", time_text(run.queued_at));
  fields.add("started", time_text(run.started_at));
  fields.add("ended", time_text(run.ended_at));
  fields.add("took", span_text(run.started_at, run.ended_at, now));
  if (run.retry_at != WallTime{}) fields.add("next attempt", relative_text(run.retry_at, now));
  fields.add("worker", run.worker);
  fields.add("done", counts_text(run));
  return fields;
}

AttemptReport report_of(const AttemptView& attempt) {
  return from_json<AttemptReport>(attempt.report.json, {.unknown_keys = true})
      .value_or(AttemptReport{});
}

Table attempt_table(const std::vector<AttemptView>& attempts) {
  Table table({{.title = "ATTEMPT", .align = Column::Align::right, .shrink = 0},
               {.title = "WORKER", .shrink = 1},
               {.title = "STARTED", .shrink = 0},
               {.title = "OUTCOME", .shrink = 0},
               {.title = "CLASS", .shrink = 0},
               {.title = "TOOK", .align = Column::Align::right, .shrink = 0},
               {.title = "RCLONE SAID", .shrink = 5}});
  for (const AttemptView& a : attempts)
    table.row({std::to_string(a.attempt), a.worker, time_text(a.accepted_at),
               a.outcome == Outcome::none ? (a.end.empty() ? "open" : a.end)
                                          : std::string(to_string(a.outcome)),
               a.error_class == ErrorClass::none ? "" : to_string(a.error_class),
               a.duration_ms > 0 ? human_duration(milliseconds{a.duration_ms}) : "",
               a.deciding_line});
  return table;
}

Result<Exit> show(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const RunId run_id, parse_run(args.text("RUN")));
  DRAY_TRY_ASSIGN(const std::string text, context.ask("run.show", {{"run", run_id.value}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RunShowAnswer answer, read_answer<RunShowAnswer>("run.show", text));
  const Terminal& out = context.out;
  Fields fields = run_fields(answer.run);
  if (!answer.attempts.empty()) add_report(fields, report_of(answer.attempts.back()));
  out.write(fields.text(out.width(), out.colour()));
  for (const AttemptView& attempt : answer.attempts)
    if (const Table steps = step_table(report_of(attempt)); !steps.empty())
      out.write(
          fmt::format("\nAttempt {}:\n{}", attempt.attempt, steps.text(out.width(), out.colour())));
  if (!answer.attempts.empty())
    out.write("\n" + attempt_table(answer.attempts).text(out.width(), out.colour()));
  if (!answer.cancel_requests.empty()) out.line("\nCancel requests:");
  for (const CancelView& cancel : answer.cancel_requests)
    out.line(fmt::format("  {}  {}: {}", time_text(cancel.at), clean_name(cancel.asked_by),
                         clean_name(cancel.reason)));
  if (!answer.events.empty()) out.line("\nEvents:");
  for (const EventView& event : answer.events)
    out.line(fit(event_line(event, false), out.width() > 0 ? out.width() : 1000));
  return Exit::ok;
}

Result<Exit> why(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const RunId run_id, parse_run(args.text("RUN")));
  DRAY_TRY_ASSIGN(const std::string text, context.ask("run.why", {{"run", run_id.value}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const Json answer, parse_json(text));
  context.out.line(
      fmt::format("run {} is {}", run_id.value, clean_name(member_text(answer, "state"))));
  if (answer.contains("reasons"))
    for (const Json& reason : answer["reasons"])
      context.out.line("  " + clean_name(reason_text(reason)));
  return Exit::ok;
}

const OptionSpec kRun{"RUN", "", "its number", Use::required, {}, "run"};
}  // namespace

Result<RunId> parse_run(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0)
    return fail(ErrorCode::invalid, "{} is not the number of a run; `dray runs` lists them",
                dray::quoted(text));
  return RunId{number};
}

std::vector<Command> run_commands() {
  return {
      {"run",
       "Run a job now.",
       {{"JOB", "", "its name", Use::required, {}, "job"},
        kWaitOption,
        {"--dry-run", "", "only say what would be transferred and deleted"},
        {"--priority", "N", "instead of the job's, -100 to 100"},
        kTimeoutOption},
       "dray run photos --wait",
       run},
      {"runs list",
       "List runs, newest first.",
       {{"--job", "NAME", "only of this job", Use::optional, {}, "job"},
        {"--client", "NAME", "only of this client", Use::optional, {}, "client"},
        {"--state", "STATE", "in these states: failed,warning or open or ended"},
        {"--since", "TIME", "from then on: 2026-11-20, or 2h (ago)"},
        {"--until", "TIME", "before then"},
        {"--limit", "N", "this many at most (default 25)"},
        {"--before", "RUN", "only runs with a smaller number"}},
       "dray runs --job photos --state failed --since 7d",
       list},
      {"runs show",
       "Show everything about a run: attempts, cancel requests, events.",
       {kRun},
       "dray runs show 42",
       show},
      {"why", "Say why a run waits.", {kRun}, "dray why 42", why},
      {"watch",
       "Watch a run, or all runs.",
       {{"RUN", "", "its number; without it: all runs that are open", Use::optional, {}, "run"},
        kTimeoutOption},
       "dray watch 42",
       watch},
  };
}

}  // namespace dray::ops
