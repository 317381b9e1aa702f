// dray cancel
#include <algorithm>

#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/run_id.h"
#include "ops/views.h"
#include "ops/watch.h"
#include "schemas/codec.h"

namespace dray::ops {
namespace {

Result<CancelRequest> question_from(const Args& args) {
  CancelRequest question;
  for (const std::string& text : args.all("RUN")) {
    DRAY_TRY_ASSIGN(const RunId run, parse_run(text));
    if (std::ranges::find(question.runs, run) == question.runs.end()) question.runs.push_back(run);
  }
  question.job = args.text("--job");
  question.client = args.text("--client");
  question.all = args.has("--all");
  question.reason = args.text("--reason");
  const int ways = !question.runs.empty() + args.has("--job") + args.has("--client") + question.all;
  if (ways != 1)
    return fail(ErrorCode::invalid,
                "dray cancel: say what to cancel in one way: RUN..., --job J, "
                "--client C or --all");
  return question;
}

// Of several codes the one that says most: what was not there before what was over already.
Exit worse(Exit a, Exit b) {
  static constexpr Exit kOrder[] = {Exit::timed_out, Exit::denied, Exit::failed, Exit::not_found,
                                    Exit::conflict};
  for (const Exit exit : kOrder)
    if (a == exit || b == exit) return exit;
  return a == Exit::ok ? b : a;
}

std::string row_text(const CancelRow& row) {
  if (row.code == 0)
    return fmt::format("run {}: {}", row.run.value,
                       row.state == RunState::cancelled ? "cancelled" : "is being cancelled");
  if (!row.message.empty())
    return fmt::format("run {}: {}", row.run.value, clean_name(row.message));
  return from_wire_code(row.code) == ErrorCode::not_found
             ? fmt::format("run {}: there is no such run", row.run.value)
             : fmt::format("run {}: has ended already, {}", row.run.value, to_string(row.state));
}

// Until no process of it is left.
Result<Exit> wait_for(Context& context, Backend& daemon, RunId run, std::optional<Duration> timeout,
                      Json& result) {
  WatchOptions options;
  options.silent = true;
  options.timeout = timeout;
  DRAY_TRY_ASSIGN(const WatchEnd end, watch_run(context, daemon, run, options));
  const RunState state = end.last.run.state;
  result["state"] = to_string(state);
  if (!end.finished) {
    if (!context.json)
      context.out.line(
          fmt::format("run {}: still {}; the request stands", run.value, to_string(state)));
    return Exit::timed_out;
  }
  if (!context.json)
    context.out.line(fmt::format("run {}: {}", run.value, outcome_text(end.last.run)));
  return state == RunState::cancelled ? Exit::ok : Exit::conflict;
}

Result<Exit> cancel(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const CancelRequest question, question_from(args));
  std::optional<Duration> timeout;
  if (args.has("--timeout")) {
    DRAY_TRY_ASSIGN(timeout, annotate(parse_duration(args.text("--timeout")), "--timeout"));
  }
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  DRAY_TRY_ASSIGN(const CancelReply reply, daemon->cancel(question));
  if (reply.code != 0 && reply.rows.empty())
    return std::unexpected(Error{from_wire_code(reply.code), reply.message});

  Exit exit = Exit::ok;
  Json rows = Json::array();
  const bool wait = args.has("--wait") || timeout;
  for (const CancelRow& row : reply.rows) {
    rows.push_back({{"run", row.run.value},
                    {"accepted", row.code == 0},
                    {"state", to_string(row.state)},
                    {"message", row.message}});
    if (row.code != 0) exit = worse(exit, exit_of(from_wire_code(row.code)));
    const bool follow = wait && row.code == 0 && row.state != RunState::cancelled;
    if (!context.json && !follow)
      (row.code == 0 ? context.out.line(row_text(row))
                     : context.out.error_line("dray: " + row_text(row)));
  }
  for (size_t i = 0; wait && i < reply.rows.size(); ++i) {
    if (reply.rows[i].code != 0 || reply.rows[i].state == RunState::cancelled) continue;
    DRAY_TRY_ASSIGN(const Exit one,
                    wait_for(context, *daemon, reply.rows[i].run, timeout, rows[i]));
    exit = worse(exit, one);
  }
  if (context.json) {
    context.out.line(dump_json(Json{{"runs", rows}}));
  } else if (reply.rows.empty()) {
    context.out.line("Nothing to cancel: no open run matches.");
  }
  return exit;
}

}  // namespace

std::vector<Command> cancel_commands() {
  return {{"cancel",
           "Cancel runs: queued, waiting for a retry or running. Returns when the request is "
           "durable.",
           {{"RUN", "", "numbers of runs", Use::repeated, {}, "run"},
            {"--job", "NAME", "all open runs of this job", Use::optional, {}, "job"},
            {"--client", "NAME", "all open runs of this client", Use::optional, {}, "client"},
            {"--all", "", "all open runs"},
            {"--reason", "TEXT", "why; shown with the run, in events and in logs"},
            {"--wait", "", "return when every process of the runs is gone"},
            {"--timeout", "TIME", "with --wait: stop waiting after this time"}},
           "dray cancel 42 --reason \"wrong source\" --wait",
           cancel,
           "Ends with 3 when a run is not known and with 5 when it had ended already."}};
}

}  // namespace dray::ops
