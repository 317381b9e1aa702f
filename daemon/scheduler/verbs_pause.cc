// Pause, resume and the place in the queue: of runs, jobs, clients and the whole queue. The core is
// asked what it will make of a request before it gets it; both happen in one turn.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/answers_bandwidth.h"
#include "schemas/codec.h"
#include "schemas/job_check.h"

namespace dray::verbs {
namespace {

struct PauseArgs {
  std::vector<RunId> runs;
  std::string reason;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
    visit.optional("reason", self.reason);
  }
};

struct ResumeArgs {
  std::vector<RunId> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
  }
};

struct PriorityArgs {
  RunId run;
  int32_t priority = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("priority", self.priority);
  }
};

struct NamedPauseArgs {
  std::string name;
  bool paused = true;
  std::string reason;
  bool stop = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("paused", self.paused);
    visit.optional("reason", self.reason);
    visit.optional("stop", self.stop);
  }
};

struct QueuePauseArgs {
  bool paused = true;
  std::string reason;
  bool stop = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("paused", self.paused);
    visit.optional("reason", self.reason);
    visit.optional("stop", self.stop);
  }
};

Status check_count(const std::vector<RunId>& runs) {
  if (runs.empty()) return fail(ErrorCode::invalid, "runs: name at least one");
  if (runs.size() <= limits::kMaxPageRows) return {};
  return fail(ErrorCode::invalid, "runs: {} at once; allowed: {}", runs.size(),
              limits::kMaxPageRows);
}

PauseRow refused(RunId run, ErrorCode code, RunState state, std::string why) {
  return {run, to_wire_code(code), state, std::move(why)};
}

// For a run that the core does not know.
PauseRow unknown(Context& context, RunId run) {
  const auto view = context.queries.run(run);
  if (!view || !*view)
    return refused(run, ErrorCode::not_found, RunState::queued, "there is no such run");
  return refused(run, ErrorCode::conflict, (*view)->state,
                 fmt::format("has already ended: {}", to_string((*view)->state)));
}

PauseRow pause_row(Context& context, RunId run) {
  const RunRow* row = context.core.find_run(run);
  if (row == nullptr) return unknown(context, run);
  if (row->cancel_requested)
    return refused(run, ErrorCode::conflict, row->state, "is being cancelled");
  if (row->state == RunState::held)
    return refused(run, ErrorCode::conflict, row->state, "waits for approval and does not run");
  if (is_on_worker(row->state))
    return {run, 0, row->state, fmt::format("is being stopped on worker {}", quoted(row->worker))};
  return {run, 0, RunState::paused, "is paused"};
}

PauseRow resume_row(Context& context, RunId run) {
  const RunRow* row = context.core.find_run(run);
  if (row == nullptr) return unknown(context, run);
  if (!row->pause_requested)
    return refused(
        run, ErrorCode::conflict, row->state,
        row->state == RunState::paused ? "goes on by itself: " + row->reason : "is not paused");
  if (is_on_worker(row->state))
    return {run, 0, row->state, "is still being stopped, and goes on afterwards"};
  return {run, 0, RunState::queued, "waits for its turn"};
}

std::vector<RunId> good(const std::vector<PauseRow>& rows) {
  std::vector<RunId> runs;
  for (const PauseRow& row : rows)
    if (row.code == 0) runs.push_back(row.run);
  return runs;
}

// For the audit log: "1, 2, 3".
std::string list_text(const std::vector<RunId>& runs) {
  std::vector<uint64_t> numbers;
  for (const RunId run : runs)
    numbers.push_back(run.value);
  return shorten(fmt::format("{}", fmt::join(numbers, ", ")), limits::kMaxReasonBytes);
}

// The open runs that a pause with `stop` reaches, or that the end of a pause lets go on.
template <class Wanted>
std::vector<PauseRow> rows_of_open_runs(Context& context, bool paused, Wanted&& wanted) {
  std::vector<PauseRow> rows;
  for (const RunId id : context.core.open_runs(limits::kMaxOpenRuns)) {
    const RunRow& row = *context.core.find_run(id);
    if (!wanted(row)) continue;
    const bool concerned =
        paused ? is_on_worker(row.state) && !row.cancel_requested && !row.pause_requested
               : row.pause_requested;
    if (concerned) rows.push_back(paused ? pause_row(context, id) : resume_row(context, id));
  }
  return rows;
}

std::string why_paused(const std::string& asked_by, const std::string& reason) {
  return reason.empty() ? "by " + asked_by : fmt::format("{} ({})", reason, asked_by);
}

// Passes the change on to the runs and answers with them.
std::string spread(Context& context, bool paused, std::string reason, std::vector<PauseRow> rows) {
  PauseAnswer answer{std::move(rows)};
  if (const std::vector<RunId> runs = good(answer.runs); !runs.empty()) {
    if (paused) {
      context.events.emplace_back(scheduler::PauseRuns{runs, std::move(reason), context.asked_by});
    } else {
      context.events.emplace_back(scheduler::ResumeRuns{runs, context.asked_by});
    }
  }
  if (answer.runs.size() > limits::kMaxPageRows) answer.runs.resize(limits::kMaxPageRows);
  return fitting_json(answer, answer.runs);
}

Status put_setting(Context& context, std::string_view name, const std::string& json) {
  DRAY_TRY_ASSIGN(const std::string value, check_setting(name, json));
  return context.catalog.put_setting(name, value, context.now.wall);
}

}  // namespace

Result<std::string> run_pause(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(PauseArgs args, arguments<PauseArgs>(body));
  DRAY_TRY(check_count(args.runs));
  DRAY_TRY(check_reason(args.reason));
  std::vector<PauseRow> rows;
  for (const RunId run : args.runs)
    rows.push_back(pause_row(context, run));
  context.target = list_text(args.runs);
  context.after.json = json_quote(args.reason);
  return spread(context, true, std::move(args.reason), std::move(rows));
}

Result<std::string> run_resume(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ResumeArgs args, arguments<ResumeArgs>(body));
  DRAY_TRY(check_count(args.runs));
  std::vector<PauseRow> rows;
  for (const RunId run : args.runs)
    rows.push_back(resume_row(context, run));
  context.target = list_text(args.runs);
  return spread(context, false, "", std::move(rows));
}

Result<std::string> run_priority(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const PriorityArgs args, arguments<PriorityArgs>(body));
  if (args.priority < limits::kMinPriority || args.priority > limits::kMaxPriority)
    return fail(ErrorCode::invalid, "priority: {} is out of range; allowed: {} to {}",
                args.priority, limits::kMinPriority, limits::kMaxPriority);
  const RunRow* row = context.core.find_run(args.run);
  PauseAnswer answer;
  if (row == nullptr) {
    answer.runs.push_back(unknown(context, args.run));
    return to_json(answer);
  }
  context.target = fmt::format("{}", args.run);
  context.before.json = fmt::format("{}", row->priority);
  context.after.json = fmt::format("{}", args.priority);
  answer.runs.push_back({args.run, 0, row->state, fmt::format("has priority {}", args.priority)});
  context.events.emplace_back(scheduler::SetPriority{args.run, args.priority, context.asked_by});
  return to_json(answer);
}

Result<std::string> job_pause(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NamedPauseArgs args, arguments<NamedPauseArgs>(body));
  DRAY_TRY(check_reason(args.reason));
  DRAY_TRY_ASSIGN(store::JobRecord record, require_job(context, args.name));
  context.target = args.name;
  context.before.json = json_quote(record.paused);
  record.paused = args.paused ? why_paused(context.asked_by, args.reason) : "";
  context.after.json = json_quote(record.paused);
  DRAY_TRY(context.jobs.set_paused(record.id, record.paused));
  DRAY_TRY_ASSIGN(JobPlan plan, context.jobs.plan(record));
  context.events.emplace_back(scheduler::JobPut{std::move(plan), false});
  std::vector<PauseRow> rows;
  if (args.stop || !args.paused)
    rows = rows_of_open_runs(context, args.paused,
                             [&](const RunRow& row) { return row.job == record.id; });
  return spread(context, args.paused, args.reason, std::move(rows));
}

Result<std::string> client_pause(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NamedPauseArgs args, arguments<NamedPauseArgs>(body));
  DRAY_TRY(check_reason(args.reason));
  DRAY_TRY_ASSIGN(auto client, context.catalog.client(args.name));
  if (!client) return fail(ErrorCode::not_found, "there is no client {}", quoted(args.name));
  context.target = args.name;
  context.before.json = json_quote(client->paused);
  client->paused = args.paused ? why_paused(context.asked_by, args.reason) : "";
  context.after.json = json_quote(client->paused);
  DRAY_TRY(context.catalog.set_client_paused(args.name, client->paused));
  context.events.emplace_back(scheduler::ClientPut{*client});
  std::vector<PauseRow> rows;
  if (args.stop || !args.paused)
    rows = rows_of_open_runs(context, args.paused,
                             [&](const RunRow& row) { return row.client == args.name; });
  return spread(context, args.paused, args.reason, std::move(rows));
}

Result<std::string> queue_pause(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const QueuePauseArgs args, arguments<QueuePauseArgs>(body));
  DRAY_TRY(check_reason(args.reason));
  DRAY_TRY_ASSIGN(const LiveSettings before, context.catalog.live_settings());
  const std::string reason = args.paused ? why_paused(context.asked_by, args.reason) : "";
  context.target = "queue";
  context.before.json = json_quote(before.queue_paused_reason);
  context.after.json = json_quote(reason);
  const bool stops = args.paused && args.stop;
  DRAY_TRY(put_setting(context, "queue_paused", args.paused ? "true" : "false"));
  DRAY_TRY(put_setting(context, "queue_paused_reason", json_quote(reason)));
  DRAY_TRY(put_setting(context, "queue_paused_stops", stops ? "true" : "false"));
  DRAY_TRY_ASSIGN(const LiveSettings settings, context.catalog.live_settings());
  context.events.emplace_back(scheduler::SettingsPut{settings});
  PauseAnswer answer;
  if (stops) answer.runs = rows_of_open_runs(context, true, [](const RunRow&) { return true; });
  return fitting_json(answer, answer.runs);
}

}  // namespace dray::verbs
