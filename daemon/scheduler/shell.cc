#include "daemon/scheduler/shell.h"

#include "daemon/base/log.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/event_kinds.h"
#include "daemon/scheduler/run_facts.h"
#include "daemon/scheduler/safe_name.h"
#include "daemon/scheduler/upkeep.h"
#include "schemas/codec.h"
#include "schemas/job_check.h"

namespace dray {
namespace {

constexpr Duration kRecoveryInterval = seconds{1};
// A spec is some 2 kB with its remotes.
constexpr size_t kMaxSpecs = 1024;

EventMessage to_message(const EventRow& row) {
  return EventMessage{row.sequence, row.at, row.kind, row.client, row.job, row.run, row.body};
}

// Every committed event is a line of the log as well, at the level its kind has.
void log_event(const EventMessage& event) {
  const scheduler::EventKind* kind = scheduler::find_event_kind(event.kind);
  const LogLevel level = kind ? kind->level : LogLevel::info;
  if (!log_enabled(level)) return;
  const std::string_view name = kind ? kind->name : "event";
  if (event.run)
    log_write(level, {name, {{"run", event.run}, {"job", event.job}, {"client", event.client}}},
              fmt::format("run {} of {}: {} {}", event.run, event.job, event.kind, event.body));
  else if (!event.job.empty())
    log_write(level, {name, {{"job", event.job}, {"client", event.client}}},
              fmt::format("job {}: {} {}", event.job, event.kind, event.body));
  else
    log_write(level, LogEvent{name, {}}, fmt::format("{} {}", event.kind, event.body));
}

bool changes_specs(const scheduler::Event& event) {
  return std::holds_alternative<scheduler::JobPut>(event) ||
         std::holds_alternative<scheduler::JobRemoved>(event) ||
         std::holds_alternative<scheduler::AccountPut>(event);
}

// What an asker hears when the turn of their answer could not be committed.
void refuse_in_place(OutMessage& message, const Error& error) {
  const uint8_t code = to_wire_code(error.code);
  if (auto* enqueued = std::get_if<Enqueued>(&message)) *enqueued = {code, error.message, {}};
  if (auto* reply = std::get_if<CancelReply>(&message)) *reply = {code, error.message, {}};
  if (auto* response = std::get_if<Response>(&message)) *response = {code, error.message, ""};
}

}  // namespace

Shell::Shell(Store& store, Outbox& outbox, scheduler::CoreOptions options,
             verbs::Surroundings around)
    : store_(store),
      outbox_(outbox),
      options_(options),
      around_(std::move(around)),
      core_(options) {}

Status Shell::load(Now now) {
  DRAY_TRY_ASSIGN(Snapshot snapshot, store_.load_snapshot(now.wall));
  around_.scheduler_epoch = snapshot.scheduler_epoch;
  snapshot.settings = effective(std::move(snapshot.settings));
  for (scheduler::Action& action : core_.load(snapshot, now))
    take(std::move(action), now);
  run_steps(now);
  return {};
}

LiveSettings Shell::effective(LiveSettings settings) const {
  if (!disk_low_) return settings;
  if (!settings.queue_paused) settings.queue_paused_stops = false;
  settings.queue_paused = true;
  settings.queue_paused_reason = *disk_low_;
  return settings;
}

void Shell::set_disk_low(std::optional<std::string> why, Now now) {
  if (why.has_value() == disk_low_.has_value()) return;
  disk_low_ = std::move(why);
  if (!accepting()) return;
  auto settings = store::Catalog(store_.db()).live_settings();
  if (!settings) return fail_turn(settings.error(), now);
  step(scheduler::SettingsPut{std::move(*settings)}, now);
}

// ── What happens ────────────────────────────────────────────────────────────────────────────────

void Shell::handle(const scheduler::Event& event, Now now) {
  if (!accepting()) return handle_broken(event);
  step(event, now);
}

void Shell::step(const scheduler::Event& event, Now now) {
  steps_.push_back(event);
  run_steps(now);
}

void Shell::run_steps(Now now) {
  // A step can bring another one (an assignment that cannot be loaded).
  for (size_t i = 0; i < steps_.size(); ++i) {
    scheduler::Event event = std::move(steps_[i]);
    if (changes_specs(event)) specs_.clear();
    if (auto* put = std::get_if<scheduler::SettingsPut>(&event))
      put->settings = effective(std::move(put->settings));
    for (scheduler::Action& action : core_.step(event, now))
      take(std::move(action), now);
  }
  steps_.clear();
}

void Shell::cancel(const CancelRequest& request, const scheduler::Asker& asker, Now now) {
  if (!accepting())
    return post(asker.session, asker.request_id,
                CancelReply{to_wire_code(ErrorCode::exhausted), refusal_text(), {}});
  if (const Status reason = check_reason(request.reason); !reason)
    return post(asker.session, asker.request_id,
                CancelReply{to_wire_code(reason.error().code), reason.error().message, {}});
  CancelRequest clean = request;
  clean.asked_by = safe_name(request.asked_by, asker.name);
  scheduler::CancelRuns event;
  event.asker = asker;
  event.request = std::move(clean);
  event.ended = ended_among(event.request.runs);
  handle(event, now);
}

// The core forgets runs that have ended; people ask for them all the same.
std::vector<scheduler::EndedRun> Shell::ended_among(const std::vector<RunId>& runs) {
  std::vector<scheduler::EndedRun> ended;
  store::Queries queries(store_.db());
  for (size_t i = 0; i < std::min(runs.size(), limits::kMaxPageRows); ++i) {
    if (core_.find_run(runs[i])) continue;
    const auto view = queries.run(runs[i]);
    if (view && *view) ended.push_back({runs[i], (*view)->state});
  }
  return ended;
}

void Shell::request(const Request& request, const scheduler::Asker& asker, Role role, Now now) {
  const auto answer = [&](Response response) {
    post(asker.session, asker.request_id, std::move(response), true);
  };
  const Result<verbs::Chosen> chosen = verbs::choose(request, role);
  if (!chosen) return answer(verbs::refusal(chosen.error()));
  if (chosen->verb->changes) {
    if (!accepting()) return answer(verbs::refusal({ErrorCode::exhausted, refusal_text()}));
    if (const Status opened = open_transaction(); !opened) {
      answer(verbs::refusal(opened.error()));
      return fail_turn(opened.error(), now);
    }
  }
  verbs::Context context(store_, core_, around_, now);
  context.role = role;
  context.peer = asker.name;
  context.asked_by = safe_name(request.asked_by, asker.name);
  Response response = verbs::handle(context, *chosen, request);
  auto* relay = std::get_if<verbs::Relay>(&context.later);
  if (response.code != 0) relay = nullptr;
  if (relay && !chosen->verb->changes) return outbox_.relay(asker, std::move(*relay));
  if (auto* backup = std::get_if<verbs::Backup>(&context.later); backup && response.code == 0)
    return outbox_.backup(asker, backup->path);
  if (relay) {
    relays_.push_back({asker, std::move(*relay)});
  } else {
    answer(response);
  }
  // The failure of one change took the whole turn with it.
  if (chosen->verb->changes && !store_.in_transaction())
    return fail_turn({from_wire_code(response.code), response.message}, now);
  for (const scheduler::Event& event : context.events)
    step(event, now);
}

// ── What the core wants ─────────────────────────────────────────────────────────────────────────

bool Shell::take_row(scheduler::Action& action, Now now) {
  const RowKind kind = row_kind(action);
  if (kind == RowKind::none) return false;
  if (kind == RowKind::hard) {
    hard_ = true;
  } else if (!soft_since_) {
    soft_since_ = now.mono;
  }
  rows_.push_back(std::move(action));
  return true;
}

void Shell::take(scheduler::Action action, Now now) {
  if (take_row(action, now)) return;
  using namespace scheduler;
  if (auto* a = std::get_if<SendAssign>(&action)) return assign(*a);
  if (auto* a = std::get_if<CheckUpkeep>(&action)) return check_upkeep(a->job, now);
  if (auto* a = std::get_if<SendWelcome>(&action))
    return post(a->session, 0, std::move(a->message));
  if (auto* a = std::get_if<SendGoodbye>(&action))
    return post(a->session, 0, std::move(a->message));
  if (auto* a = std::get_if<SendRenewed>(&action))
    return post(a->session, 0, std::move(a->message));
  if (auto* a = std::get_if<SendStart>(&action)) return post(a->session, 0, Start{a->token});
  if (auto* a = std::get_if<SendWithdraw>(&action)) return post(a->session, 0, Withdraw{a->token});
  if (auto* a = std::get_if<SendStop>(&action)) return post(a->session, 0, std::move(a->message));
  if (auto* a = std::get_if<SendBandwidth>(&action))
    return post(a->session, 0, std::move(a->message));
  if (auto* a = std::get_if<SendResultAck>(&action))
    return post(a->session, 0, ResultAck{a->token});
  if (auto* a = std::get_if<SendStale>(&action)) return post(a->session, 0, Stale{a->token});
  if (auto* a = std::get_if<SendOwners>(&action)) return post({}, 0, std::move(a->message));
  if (auto* a = std::get_if<ReplyEnqueued>(&action))
    return post(a->asker.session, a->asker.request_id, std::move(a->message), true);
  if (auto* a = std::get_if<ReplyCancel>(&action))
    return post(a->asker.session, a->asker.request_id, std::move(a->message), true);
}

void Shell::assign(const scheduler::SendAssign& action) {
  Result<RunSpec> spec = run_spec(action.job);
  if (!spec) {
    steps_.emplace_back(scheduler::AssignFailed{action.token, std::move(spec.error().message)});
    return;
  }
  spec->kind = action.kind;
  if (const Status told = fill_task(*spec, action); !told) {
    steps_.emplace_back(scheduler::AssignFailed{action.token, told.error().message});
    return;
  }
  spec->scheduled_at = action.scheduled_at;
  spec->dry_run = action.dry_run;
  spec->bandwidth_bytes_per_second = action.bandwidth_bytes_per_second;
  spec->live_bandwidth = action.live_bandwidth;
  post(action.session, 0, Assign{action.token, action.lease_ms, std::move(*spec), action.offer});
}

// What the run has to do beyond its job, and what it is told of the job's past.
Status Shell::fill_task(RunSpec& spec, const scheduler::SendAssign& action) {
  RunTask task;
  if (!action.task.empty()) {
    DRAY_TRY_ASSIGN(task,
                    annotate(from_json<RunTask>(action.task, JsonReadOptions{.unknown_keys = true}),
                             "the run's task"));
  }
  DRAY_TRY_ASSIGN(task.learned, store::learned_counts(store_.db(), action.job, action.kind));
  DRAY_TRY(store::fit_spec(store_.db(), spec, task));
  DRAY_TRY_ASSIGN(task.previous, store::previous_version(store_.db(), spec));
  spec.task = task == RunTask{} ? std::string() : to_json(task);
  return {};
}

// The rows of this turn count for the answer, and go into the same commit. A failure of the store
// shows at that commit; a state that cannot be judged now is judged with the next one.
void Shell::check_upkeep(JobId job, Now now) {
  if (const Status opened = open_transaction(); !opened) return;
  Result<std::optional<scheduler::UpkeepDue>> due = store::upkeep_due(store_.db(), job, now.wall);
  if (!due) {
    log_warn("retention.failed", "job {}: nothing is pruned: {}", job, due.error().message);
  } else if (*due) {
    steps_.emplace_back(std::move(**due));
  }
}

Result<RunSpec> Shell::run_spec(JobId job) {
  if (const auto found = specs_.find(job); found != specs_.end()) return found->second;
  DRAY_TRY_ASSIGN(RunSpec spec, store::Jobs(store_.db()).run_spec(job));
  if (specs_.size() >= kMaxSpecs) specs_.clear();
  return specs_.emplace(job, std::move(spec)).first->second;
}

// ── Commit before talk ──────────────────────────────────────────────────────────────────────────

Status Shell::open_transaction() {
  if (!store_.in_transaction()) DRAY_TRY(store_.begin());
  hard_ = true;
  return write_rows();
}

Status Shell::write_rows() {
  for (const scheduler::Action& row : rows_) {
    DRAY_TRY(store_.apply(row));
    if (const auto* added = std::get_if<scheduler::AddEvent>(&row))
      publications_.emplace_back(to_message(added->event));
  }
  rows_.clear();
  soft_since_.reset();
  return {};
}

Status Shell::commit_turn() {
  DRAY_TRY(open_transaction());
  DRAY_TRY(store_.commit());
  ++commits_;
  hard_ = false;
  return {};
}

void Shell::send_all() {
  for (const Outgoing& out : outgoing_)
    outbox_.send(out.to, out.id, out.message);
  outgoing_.clear();
  for (WaitingRelay& waiting : relays_)
    outbox_.relay(waiting.asker, std::move(waiting.relay));
  relays_.clear();
  for (const OutMessage& event : publications_)
    outbox_.send({}, 0, event);
  outbox_.flush();
  // Nobody waits for the log.
  for (const OutMessage& event : publications_)
    log_event(std::get<EventMessage>(event));
  publications_.clear();
}

void Shell::finish_turn(Now now) {
  const bool soft_is_due = soft_since_ && now.mono - *soft_since_ >= kSoftDelay;
  if (accepting() && (hard_ || soft_is_due))
    if (const Status committed = commit_turn(); !committed) fail_turn(committed.error(), now);
  send_all();
}

// ── When writing fails ──────────────────────────────────────────────────────────────────────────

std::string Shell::refusal_text() const {
  return "the scheduler cannot store anything now, so nothing is accepted: " + around_.problem;
}

void Shell::fail_turn(const Error& error, Now now) {
  log_error({"store.failed", {{"code", to_string(error.code)}}},
            "nothing of this turn is stored, nothing new is accepted: {}", error.message);
  around_.problem = error.message;
  store_.rollback();
  rows_.clear();
  steps_.clear();
  publications_.clear();
  specs_.clear();
  hard_ = false;
  soft_since_.reset();
  std::erase_if(outgoing_, [](const Outgoing& out) { return !out.answer; });
  const Error why{error.code == ErrorCode::conflict ? ErrorCode::unavailable : error.code,
                  refusal_text()};
  for (Outgoing& out : outgoing_)
    refuse_in_place(out.message, why);
  for (const WaitingRelay& waiting : relays_)
    post(waiting.asker.session, waiting.asker.request_id, verbs::refusal(why), true);
  relays_.clear();
  // At once, but not over and over where little can be written and much cannot.
  next_recovery_ = std::max(next_recovery_, now.mono);
}

void Shell::handle_broken(const scheduler::Event& event) {
  if (const auto* gone = std::get_if<scheduler::SessionGone>(&event)) gone_.push_back(*gone);
  // Running transfers must not end because our disk is full.
  const auto* renewal = std::get_if<scheduler::WorkerRenew>(&event);
  if (renewal == nullptr) return;
  Renewed renewed;
  renewed.round = renewal->renew.round;
  renewed.lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  for (const HeldAttempt& held : renewal->renew.held)
    if (core_.is_current(held.token)) renewed.renewed.push_back(held.token);
  post(renewal->session, 0, std::move(renewed));
}

bool Shell::recover(Now now) {
  if (accepting()) return true;
  if (now.mono < next_recovery_) return false;
  next_recovery_ = now.mono + kRecoveryInterval;
  if (const Status writable = store_.probe_write(); !writable) {
    around_.problem = writable.error().message;
    return false;
  }
  const std::string problem = std::exchange(around_.problem, "");
  Status back = load(now);
  for (const scheduler::SessionGone& gone : gone_)
    if (back) step(gone, now);
  if (back) back = commit_turn();
  if (!back) {
    fail_turn(back.error(), now);
    next_recovery_ = now.mono + kRecoveryInterval;
    return false;
  }
  gone_.clear();
  log_info("store.recovered", "the database can be written again (it was: {})", problem);
  return true;
}

Duration Shell::time_to_wait(Now now) const {
  if (!accepting()) return std::max(next_recovery_ - now.mono, Duration::zero());
  Duration wait = scheduler::time_to_wait(core_.next_deadline(), now);
  if (soft_since_) wait = std::min(wait, *soft_since_ + kSoftDelay - now.mono);
  return std::max(wait, Duration::zero());
}

}  // namespace dray
