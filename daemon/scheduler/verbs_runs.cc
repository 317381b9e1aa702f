// Runs and events.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/verbs.h"

namespace dray::verbs {
namespace {

constexpr uint32_t kMaxLogBytes = 256 << 10;  // as base64 inside a text of 512 KiB
constexpr size_t kEventsOfRun = 200;

struct RunArgs {
  RunId run;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
  }
};

struct RunListArgs {
  std::string job;
  std::string client;
  std::string state;  // a state's name, "open", "ended"; several separated by commas
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  uint64_t limit = 50;
  RunId before;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("job", self.job);
    visit.optional("client", self.client);
    visit.optional("state", self.state);
    visit.optional("since", self.since);
    visit.optional("until", self.until);
    visit.optional("limit", self.limit);
    visit.optional("before", self.before);
  }
};

struct LogArgs {
  RunId run;
  uint32_t attempt = 0;  // 0: the last one
  uint64_t offset = 0;
  uint32_t max_bytes = kMaxLogBytes;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit.optional("attempt", self.attempt);
    visit.optional("offset", self.offset);
    visit.optional("max_bytes", self.max_bytes);
  }
};

struct EventArgs {
  uint64_t since = 0;
  uint64_t limit = 100;
  RunId run;
  std::string job;
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("since", self.since);
    visit.optional("limit", self.limit);
    visit.optional("run", self.run);
    visit.optional("job", self.job);
    visit.optional("client", self.client);
  }
};

void use_newest(Context& context, std::vector<RunView>& runs) {
  for (RunView& view : runs) {
    const RunRow* row = context.core.find_run(view.run);
    if (!row) continue;
    std::optional<Progress> progress = std::move(view.progress);
    view = store::run_view(*row);
    view.progress = std::move(progress);
  }
}

}  // namespace

Result<std::string> run_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const RunListArgs args, arguments<RunListArgs>(body));
  store::RunFilter filter;
  if (!args.job.empty()) {
    DRAY_TRY_ASSIGN(const auto record, context.jobs.find(args.job));
    if (record && (args.client.empty() || args.client == record->spec.client)) {
      filter.job = record->id;
    } else {
      filter.job_name = args.job;  // history outlives its job
    }
  }
  filter.client = args.client;
  DRAY_TRY_ASSIGN(filter.states, store::states_of(args.state));
  filter.since = args.since;
  filter.until = args.until;
  filter.before = args.before;
  filter.limit = args.limit;
  RunListAnswer answer;
  DRAY_TRY_ASSIGN(answer.runs, context.queries.runs(filter));
  if (answer.runs.empty() && !filter.job_name.empty())
    return fail(ErrorCode::not_found, "there is no job {} and no run of one", quoted(args.job));
  use_newest(context, answer.runs);
  return fitting_json(answer, answer.runs);
}

Result<std::string> run_show(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const RunArgs args, arguments<RunArgs>(body));
  RunShowAnswer answer;
  DRAY_TRY_ASSIGN(answer.run, require_run(context, args.run));
  DRAY_TRY_ASSIGN(answer.attempts, context.queries.attempts(args.run));
  DRAY_TRY_ASSIGN(answer.cancel_requests, context.queries.cancel_requests(args.run));
  store::EventFilter filter;
  filter.run = args.run;
  filter.limit = kEventsOfRun;
  DRAY_TRY_ASSIGN(answer.events, context.queries.events(filter));
  // Only excerpts of many attempts can be too long: the oldest go first.
  std::string json = to_json(answer);
  for (auto it = answer.attempts.begin();
       json.size() > limits::kMaxStringBytes && it != answer.attempts.end(); ++it) {
    it->log_excerpt.clear();
    json = to_json(answer);
  }
  return json;
}

Result<std::string> run_why(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const RunArgs args, arguments<RunArgs>(body));
  RunWhyAnswer answer;
  answer.run = args.run;
  if (const auto why = context.core.why(args.run, context.now)) {
    answer.state = why->state;
    for (const scheduler::WhyReason& reason : why->reasons) {
      const RunRow* other = context.core.find_run(reason.run);
      const bool visible = other == nullptr || context.may_see(other->client);
      answer.reasons.push_back({std::string(to_string(reason.code)),
                                visible ? reason.text : "others come first",
                                visible ? reason.run : RunId{}});
    }
    return to_json(answer);
  }
  DRAY_TRY_ASSIGN(const RunView run, require_run(context, args.run));
  answer.state = run.state;
  std::string text = fmt::format("it has ended: {}", to_string(run.state));
  if (!run.reason.empty()) text += ", " + run.reason;
  if (!run.hint.empty()) text += ", " + run.hint;
  answer.reasons.push_back({"ended", std::move(text), {}});
  return to_json(answer);
}

Result<std::string> run_log(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const LogArgs args, arguments<LogArgs>(body));
  DRAY_TRY_ASSIGN(const RunView run, require_run(context, args.run));
  DRAY_TRY_ASSIGN(const auto attempts, context.queries.attempts(args.run));
  const uint32_t wanted = args.attempt ? args.attempt : run.attempt;
  const auto attempt = std::ranges::find(attempts, wanted, &AttemptView::attempt);
  if (attempt == attempts.end() && wanted == 0)
    return fail(ErrorCode::not_found, "run {} has not started yet, so it has no log", args.run);
  if (attempt == attempts.end())
    return fail(ErrorCode::not_found, "run {} has no attempt {}", args.run, wanted);
  const std::optional<SessionId> session = context.core.session_of(attempt->worker);
  if (!session)
    return fail(ErrorCode::unavailable,
                "the log is on worker {}, which is not connected; an excerpt is in `dray runs "
                "show`",
                quoted(attempt->worker));
  context.later = Relay{*session, LogRead{args.run, wanted, args.offset,
                                          std::clamp<uint32_t>(args.max_bytes, 1, kMaxLogBytes)}};
  return "";
}

Result<std::string> event_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const EventArgs args, arguments<EventArgs>(body));
  EventListAnswer answer;
  DRAY_TRY_ASSIGN(answer.events, context.queries.events(
                                     {args.since, args.run, args.job, args.client, args.limit}));
  DRAY_TRY_ASSIGN(answer.last_sequence, context.queries.last_sequence());
  return fitting_json(answer, answer.events);
}

}  // namespace dray::verbs
