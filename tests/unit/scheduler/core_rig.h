// A scheduler core on virtual time with a store of plain maps behind it, and shorthands for what
// workers and operators do. The maps check what every store must be able to rely on: unique
// occurrences, legal moves, gap-free events.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/scheduler/core.h"
#include "tests/support/catch.h"

namespace dray::scheduler {

inline WallTime wall_at(std::string_view text) {
  return parse_rfc3339(text).value();
}

class Rig {
 public:
  explicit Rig(CoreOptions options = {}) : core(options), options_(options) {
    now.mono = Instant{hours{1000}};
    now.wall = wall_at("2026-03-01T12:00:00Z");
    snapshot.scheduler_epoch = 1;
  }

  // ── Before load() ──
  JobPlan& job(const std::string& name, const std::string& client = "default") {
    JobPlan plan;
    plan.id = JobId{snapshot.jobs.size() + 1};
    plan.name = name;
    plan.client = client;
    plan.source = {"src", name};
    plan.destination = {"dst", name};
    plan.created_at = now.wall;
    plan.high_water = now.wall;
    plan.overlap = OverlapPolicy::allow;
    plan.max_concurrent = 1000;
    snapshot.jobs.push_back(plan);
    return snapshot.jobs.back();
  }
  JobPlan& every(const std::string& name, seconds period) {
    JobPlan& plan = job(name);
    plan.schedule.kind = ScheduleKind::every;
    plan.schedule.every_seconds = period.count();
    plan.overlap = OverlapPolicy::skip;
    plan.max_concurrent = 1;
    return plan;
  }
  ClientSpec& client(const std::string& name, uint32_t weight = 1) {
    ClientRow row;
    row.id = ClientId{snapshot.clients.size() + 1};
    row.spec.name = name;
    row.spec.weight = weight;
    snapshot.clients.push_back(row);
    return snapshot.clients.back().spec;
  }
  void load() {
    out = core.load(snapshot, now);
    apply();
  }

  // ── Time ──
  void advance(Duration by) {
    now.mono += by;
    now.wall += std::chrono::duration_cast<microseconds>(by);
  }
  void tick() { step(Tick{}); }
  // As a shell sleeps: wakes at every deadline on the way.
  void run_for(Duration by) {
    const Instant end = now.mono + by;
    std::vector<Action> all;
    while (now.mono < end) {
      const Duration wait = time_to_wait(core.next_deadline(), now, end - now.mono);
      advance(std::max<Duration>(wait, microseconds{1}));
      tick();
      all.insert(all.end(), out.begin(), out.end());
    }
    out = std::move(all);
  }

  void step(const Event& event) {
    out.clear();
    core.step(event, now, out);
    apply();
  }

  // ── Workers ──
  SessionId hello(const std::string& name, uint32_t slots = 4, uint64_t epoch = 1,
                  std::vector<HeldAttempt> held = {}, const std::string& boot = "boot") {
    Hello message;
    message.name = name;
    message.epoch = epoch;
    message.boot_id = boot;
    message.slots = slots;
    message.public_key = public_key;
    message.held = std::move(held);
    const SessionId session{++last_session};
    step(WorkerHello{session, message});
    return session;
  }
  void renew(SessionId session, std::vector<Token> held, uint64_t epoch = 1,
             RunState state = RunState::running) {
    Renew message;
    message.epoch = epoch;
    message.round = ++round_;
    for (const Token& token : held)
      message.held.push_back({token, state, {}});
    step(WorkerRenew{session, message});
  }
  AttemptResult result(const Token& token, Outcome outcome, ErrorClass error_class = {},
                       bool retry = false) {
    AttemptResult message;
    message.token = token;
    message.outcome = outcome;
    message.error_class = error_class;
    message.retry = retry;
    return message;
  }
  void end(SessionId session, const Token& token, Outcome outcome = Outcome::succeeded,
           ErrorClass error_class = {}, bool retry = false) {
    step(WorkerResult{session, result(token, outcome, error_class, retry)});
  }

  // ── Operators ──
  Enqueued enqueue(const std::string& job, const std::string& key = "",
                   std::optional<int32_t> priority = {}) {
    Enqueue request;
    request.job = job;
    request.idempotency_key = key;
    request.priority = priority;
    request.asked_by = "ann";
    step(RunNow{Asker{SessionId{900}, 7, "ann"}, request});
    return one<ReplyEnqueued>().message;
  }
  CancelReply cancel(RunId run, const std::string& reason = "enough") {
    CancelRequest request;
    request.runs = {run};
    request.reason = reason;
    request.asked_by = "ann";
    step(CancelRuns{Asker{SessionId{900}, 8, "ann"}, request, {}});
    return one<ReplyCancel>().message;
  }
  // Enqueues, and accepts at once what is offered. The token of the attempt.
  Token start(const std::string& job) {
    enqueue(job);
    const SendAssign assign = one<SendAssign>();
    step(WorkerAccept{assign.session, assign.token});
    return assign.token;
  }

  // ── What came out of the last step ──
  template <class T>
  std::vector<T> all() const {
    std::vector<T> list;
    for (const Action& action : out)
      if (const T* match = std::get_if<T>(&action)) list.push_back(*match);
    return list;
  }
  template <class T>
  T one() const {
    const std::vector<T> list = all<T>();
    REQUIRE(list.size() == 1);
    return list.front();
  }
  template <class T>
  bool none() const {
    return all<T>().empty();
  }
  std::vector<std::string> events() const {
    std::vector<std::string> kinds;
    for (const AddEvent& event : all<AddEvent>())
      kinds.push_back(event.event.kind);
    return kinds;
  }
  // Did the last step write anything that has to be committed now?
  bool hard() const {
    for (const Action& action : out) {
      const bool is_hard = std::visit(
          [](const auto& a) {
            using A = std::decay_t<decltype(a)>;
            if constexpr (std::is_same_v<A, UpdateRun> || std::is_same_v<A, AddEvent>)
              return !a.soft;
            else
              return std::is_same_v<A, InsertRun> || std::is_same_v<A, InsertAttempt> ||
                     std::is_same_v<A, EndAttempt> || std::is_same_v<A, AddCancelRequest> ||
                     std::is_same_v<A, UpdateJobDue> || std::is_same_v<A, PutWorker>;
          },
          action);
      if (is_hard) return true;
    }
    return false;
  }

  RunState state(RunId run) const { return rows.at(run).state; }
  RunState state(const Token& token) const { return state(token.run); }
  std::vector<RunRow> rows_of(const std::string& job) const {
    std::vector<RunRow> list;
    for (const auto& [id, row] : rows)
      if (row.job_name == job) list.push_back(row);
    return list;
  }
  std::set<WhyCode> why(RunId run) const {
    std::set<WhyCode> codes;
    const auto answer = core.why(run, now);
    REQUIRE(answer);
    for (const WhyReason& reason : answer->reasons)
      codes.insert(reason.code);
    return codes;
  }

  // drayd is killed and started again: only rows survive.
  void restart() {
    snapshot.open_runs.clear();
    for (const auto& [id, row] : rows) {
      if (!is_terminal(row.state)) snapshot.open_runs.push_back(row);
      snapshot.last_run_id = id.value;
    }
    for (JobPlan& plan : snapshot.jobs) {
      if (!due.contains(plan.id)) continue;
      plan.high_water = due[plan.id].high_water;
      plan.next_due = due[plan.id].next_due;
    }
    snapshot.workers.clear();
    for (const auto& [name, row] : workers)
      snapshot.workers.push_back(row);
    snapshot.last_event_sequence = last_event;
    ++snapshot.scheduler_epoch;
    core = Core(options_);
    load();
  }

  Snapshot snapshot;
  Core core;
  Now now;
  std::vector<Action> out;
  std::string public_key = "key";
  std::map<RunId, RunRow> rows;
  std::map<Token, AttemptRow> attempts;
  std::map<JobId, UpdateJobDue> due;
  std::map<std::string, WorkerRow> workers;
  uint64_t last_event = 0;
  uint64_t last_session = 0;

 private:
  void apply() {
    for (const Action& action : out)
      std::visit([this](const auto& a) { apply(a); }, action);
  }
  template <class T>
  void apply(const T&) {}
  void apply(const InsertRun& a) {
    const RunRow& row = a.run;
    CHECK(occurrences_.insert({row.job, row.trigger, row.scheduled_at}).second);
    CHECK(rows.emplace(row.id, row).second);
  }
  void apply(const UpdateRun& a) {
    RunRow& row = rows.at(a.run.id);
    CHECK(a.run.state != RunState::assigned);
    CHECK((row.state == a.run.state || can_move(row.state, a.run.state)));
    CHECK(a.run.attempt >= row.attempt);
    row = a.run;
  }
  void apply(const InsertAttempt& a) {
    CHECK(attempts.emplace(a.attempt.token, a.attempt).second);
    for (const auto& [token, attempt] : attempts)
      if (token.run == a.attempt.token.run && token != a.attempt.token) CHECK(!attempt.end.empty());
  }
  void apply(const EndAttempt& a) {
    CHECK(attempts.at(a.attempt.token).end.empty());
    attempts[a.attempt.token] = a.attempt;
  }
  void apply(const AddEvent& a) { CHECK(a.event.sequence == ++last_event); }
  void apply(const UpdateJobDue& a) {
    if (due.contains(a.job)) CHECK(a.high_water >= due[a.job].high_water);
    due[a.job] = a;
  }
  void apply(const PutWorker& a) { workers[a.worker.name] = a.worker; }

  CoreOptions options_;
  uint64_t round_ = 0;
  std::set<std::tuple<JobId, Trigger, WallTime>> occurrences_;
};

}  // namespace dray::scheduler
