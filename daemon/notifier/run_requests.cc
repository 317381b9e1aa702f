#include "daemon/notifier/run_requests.h"

#include <charconv>

#include "daemon/base/text.h"
#include "daemon/store/store_catalog.h"
#include "schemas/answers_versions.h"
#include "schemas/codec.h"
#include "schemas/run_task.h"

namespace dray::notifier {
namespace {

constexpr size_t kEventsOfRun = 200;

template <class Row>
std::optional<std::string> cursor_behind(const std::vector<Row>& rows, size_t limit) {
  if (rows.size() < limit) return std::nullopt;
  return fmt::format("{}", rows.back().run);
}

struct RunPage {
  std::vector<RunView> runs;
  std::optional<std::string> next_cursor;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
    visit("next_cursor", self.next_cursor);
  }
};

struct QueuePage {
  bool paused = false;
  std::string reason;
  RunPage page;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("paused", self.paused);
    visit("reason", self.reason);
    RunPage::fields(self.page, visit);
  }
};

struct RunInput {
  bool dry_run = false;
  std::optional<int32_t> priority;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("dry_run", self.dry_run);
    visit.optional("priority", self.priority);
  }
};

struct RetryInput {
  std::optional<int32_t> priority;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("priority", self.priority);
  }
};

struct RestoreInput {
  std::string destination;
  std::string pattern;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("destination", self.destination);
    visit.optional("pattern", self.pattern);
  }
};

struct ReasonInput {
  std::string reason;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("reason", self.reason);
  }
};

struct CancelInput {
  std::vector<RunId> runs;
  std::string job;
  std::string client;
  bool all = false;
  std::string reason;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("runs", self.runs);
    visit.optional("job", self.job);
    visit.optional("client", self.client);
    visit.optional("all", self.all);
    visit.optional("reason", self.reason);
  }
};

struct CancelledRun {
  RunId run;
  std::string code;
  RunState state = RunState::queued;
  std::string message;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("code", self.code);
    visit("state", self.state);
    visit("message", self.message);
  }
};

struct CancelAnswer {
  std::vector<CancelledRun> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
  }
};

CancelAnswer cancel_answer(const CancelReply& reply) {
  CancelAnswer answer;
  for (const CancelRow& row : reply.rows)
    answer.runs.push_back({row.run,
                           row.code == 0 ? "" : std::string(problem_code(from_wire_code(row.code))),
                           row.state, row.message});
  return answer;
}

Task<HttpReply> enqueue(Call& call, Enqueue question) {
  const Result<Enqueued> queued = co_await call.api.verbs.enqueue(
      call.who, std::move(question), call.request.header("idempotency-key"));
  if (!queued) co_return problem(call, queued.error());
  if (queued->code != 0)
    co_return problem_reply({from_wire_code(queued->code), queued->message}, call.request,
                            {"", queued->run});
  HttpReply reply = json_reply(fmt::format(R"({{"run":{}}})", queued->run.value), 202);
  reply.headers.push_back({"location", fmt::format("/api/v1/runs/{}", queued->run.value)});
  co_return reply;
}

Task<HttpReply> ask_about_one(Call& call, std::string_view verb, std::string reason) {
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  std::string body = fmt::format(R"({{"runs":[{}])", run->value);
  if (!reason.empty()) body += R"(,"reason":)" + json_quote(reason);
  co_return answer(call, co_await call.api.verbs.ask(call.who, verb, body + "}"));
}

Result<QueuePage> read_queue(store::Db& db, const store::RunFilter& filter,
                             const std::string& client) {
  QueuePage queue;
  store::Queries queries(db);
  queries.bind_to(client);
  DRAY_TRY_ASSIGN(queue.page.runs, queries.runs(filter));
  queue.page.next_cursor = cursor_behind(queue.page.runs, filter.limit);
  DRAY_TRY_ASSIGN(const auto settings, store::Catalog(db).settings());
  const auto text = [&](const char* name) {
    const auto found = settings.find(name);
    return found == settings.end() ? std::string() : found->second;
  };
  queue.paused = text("queue_paused") == "true";
  if (const std::string reason = text("queue_paused_reason"); !reason.empty()) {
    DRAY_TRY_ASSIGN(const JsonDocument json, JsonDocument::parse(reason));
    queue.reason = json.root().text().value_or("");
  }
  return queue;
}

}  // namespace

Result<RunId> run_parameter(const Call& call) {
  const std::string& text = call.parameter("run");
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0 && number <= INT64_MAX)
    return RunId{number};
  return fail(ErrorCode::invalid, "run: must be the number of a run");
}

Result<store::RunFilter> run_filter(const Call& call) {
  store::RunFilter filter;
  DRAY_TRY_ASSIGN(const PageArgs page, page_arguments(call));
  filter.limit = page.limit;
  filter.before = RunId{page.cursor};
  filter.client = text_parameter(call, "client");
  filter.job_name = text_parameter(call, "job");
  DRAY_TRY_ASSIGN(filter.states, store::states_of(text_parameter(call, "state")));
  DRAY_TRY_ASSIGN(filter.since, time_parameter(call, "since"));
  DRAY_TRY_ASSIGN(filter.until, time_parameter(call, "until"));
  return filter;
}

Task<HttpReply> list_runs(Call& call) {
  const Result<store::RunFilter> filter = run_filter(call);
  if (!filter) co_return problem(call, filter.error());
  const auto read = [filter = *filter, client = call.who.client](store::Db& db) -> Result<RunPage> {
    store::Queries queries(db);
    queries.bind_to(client);
    RunPage rows;
    DRAY_TRY_ASSIGN(rows.runs, queries.runs(filter));
    rows.next_cursor = cursor_behind(rows.runs, filter.limit);
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

Task<HttpReply> show_queue(Call& call) {
  Result<store::RunFilter> filter = run_filter(call);
  if (!filter) co_return problem(call, filter.error());
  filter->states = store::states_of("open").value_or(std::vector<RunState>{});
  filter->oldest_first = true;
  const auto read = [filter = *filter, client = call.who.client](store::Db& db) {
    return read_queue(db, filter, client);
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

Task<HttpReply> show_run(Call& call) {
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  const auto read = [run = *run, client = call.who.client](store::Db& db) -> Result<RunShowAnswer> {
    store::Queries queries(db);
    queries.bind_to(client);
    DRAY_TRY_ASSIGN(auto view, queries.run(run));
    if (!view) return std::unexpected(store::no_run(run));
    RunShowAnswer answer;
    answer.run = std::move(*view);
    DRAY_TRY_ASSIGN(answer.attempts, queries.attempts(run));
    DRAY_TRY_ASSIGN(answer.cancel_requests, queries.cancel_requests(run));
    DRAY_TRY_ASSIGN(answer.events, queries.events({0, run, "", "", kEventsOfRun}));
    return answer;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

Task<HttpReply> start_run(Call& call) {
  const Result<RunInput> input = body_of<RunInput>(call);
  if (!input) co_return problem(call, input.error());
  Enqueue question;
  question.job = call.parameter("job");
  question.dry_run = input->dry_run;
  question.priority = input->priority;
  co_return co_await enqueue(call, std::move(question));
}

Task<HttpReply> retry_run(Call& call) {
  const Result<RetryInput> input = body_of<RetryInput>(call);
  if (!input) co_return problem(call, input.error());
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  Enqueue question;
  question.rerun_of = *run;
  question.priority = input->priority;
  co_return co_await enqueue(call, std::move(question));
}

Task<HttpReply> restore_version(Call& call) {
  const Result<RestoreInput> input = body_of<RestoreInput>(call);
  if (!input) co_return problem(call, input.error());
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  const auto version = co_await call.api.verbs.ask_as<VersionAnswer>(
      call.who, "version.show", fmt::format(R"({{"run":{}}})", run->value));
  if (!version) co_return problem(call, version.error());
  RunTask task;
  task.restore.version.run = *run;
  task.restore.destination = input->destination;
  task.restore.pattern = input->pattern;
  Enqueue question;
  question.job = version->version.job;
  question.task = to_json(task);
  co_return co_await enqueue(call, std::move(question));
}

Task<HttpReply> cancel_runs(Call& call) {
  const Result<CancelInput> input = body_of<CancelInput>(call);
  if (!input) co_return problem(call, input.error());
  CancelRequest question;
  question.runs = input->runs;
  question.job = input->job;
  question.client = input->client;
  question.all = input->all;
  question.reason = input->reason;
  const Result<CancelReply> reply = co_await call.api.verbs.cancel(call.who, std::move(question));
  if (!reply) co_return problem(call, reply.error());
  if (reply->code != 0) co_return problem(call, {from_wire_code(reply->code), reply->message});
  co_return json_reply(to_json(cancel_answer(*reply)), 202);
}

Task<HttpReply> cancel_run(Call& call) {
  const Result<ReasonInput> input = body_of<ReasonInput>(call);
  if (!input) co_return problem(call, input.error());
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  CancelRequest question;
  question.runs = {*run};
  question.reason = input->reason;
  const Result<CancelReply> reply = co_await call.api.verbs.cancel(call.who, std::move(question));
  if (!reply) co_return problem(call, reply.error());
  if (reply->code != 0 || reply->rows.empty())
    co_return problem(call, {from_wire_code(reply->code), reply->message});
  const CancelRow& row = reply->rows.front();
  if (row.code != 0) co_return problem(call, {from_wire_code(row.code), row.message});
  co_return json_reply(to_json(cancel_answer(*reply).runs.front()), 202);
}

Task<HttpReply> pause_run(Call& call) {
  const Result<ReasonInput> input = body_of<ReasonInput>(call);
  if (!input) co_return problem(call, input.error());
  co_return co_await ask_about_one(call, "run.pause", input->reason);
}

Task<HttpReply> resume_run(Call& call) {
  co_return co_await ask_about_one(call, "run.resume", "");
}

}  // namespace dray::notifier
