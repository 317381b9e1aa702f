#include "workers/attempt_run.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/base/text.h"
#include "schemas/codec.h"
#include "schemas/job_json.h"
#include "schemas/json_fields.h"
#include "workers/attempt_places.h"
#include "workers/attempt_state.h"
#include "workers/hook_step.h"
#include "workers/progress_plan.h"
#include "workers/run_config.h"
#include "workers/run_directory.h"

namespace dray::worker {

AttemptState::AttemptState(const RunContext& context_in, StepHost& host_in,
                           const StartAttempt& attempt)
    : context(context_in),
      host(host_in),
      token(attempt.token),
      spec(attempt.spec),
      paths{run_directory(context.work_dir, attempt.token)},
      kill_at(attempt.kill_at) {}

void AttemptState::note(std::string_view level, std::string_view text) {
  const Now now = context.clock.now();
  const std::string line =
      fmt::format("{{\"level\":{},\"msg\":{},\"source\":\"drayage\",\"time\":{}}}\n",
                  json_quote(level), json_quote(text), json_quote(format_rfc3339(now.wall)));
  log->write(line, now.mono);
}

struct AttemptRun::Impl final : StepHost {
  Impl(const RunContext& context_in, const StartAttempt& attempt, ExecutorEvents& events_in,
       Planner planner_in)
      : context(context_in),
        events(events_in),
        planner(std::move(planner_in)),
        state(context_in, *this, attempt) {}

  // StepHost
  void running() override;
  void show(const Progress& progress, bool always) override;
  void upload_state(const UploadState& answer, uint64_t id) override;
  void ended(StepEnd end) override;

  Status prepare();
  Status open_control();
  Status settle_sandbox();
  void next();
  void publish(Now now, bool always);
  void take_good_end(const PlannedStep& step, StepEnd end);
  void conclude();
  AttemptResult make_result(Now now);

  const RunContext& context;
  ExecutorEvents& events;
  Planner planner;
  AttemptState state;
  std::unique_ptr<LoginKeeper::Use> logins;
  std::vector<PlannedStep> steps;
  std::optional<size_t> current;
  double weight_done = 0;
  double weight_all = 0;
  StepEnd decided;    // the worst so far
  bool over = false;  // only steps with `always` follow
  bool told_running = false;
  bool in_begin = false;  // a step that ends within begin() must not be left behind on the stack
  bool end_waits = false;
  std::optional<StopReason> stopped;
  Now started{};
  Now step_started{};
  Progress shown;
  std::optional<Instant> shown_at;
};

AttemptRun::AttemptRun(const RunContext& context, const StartAttempt& attempt,
                       ExecutorEvents& events, Planner planner)
    : impl_(std::make_unique<Impl>(context, attempt, events, std::move(planner))) {}
AttemptRun::~AttemptRun() = default;

void AttemptRun::begin() {
  impl_->started = impl_->context.clock.now();
  impl_->state.started = impl_->started.wall;
  Status ready = impl_->prepare();
  if (!ready) {
    impl_->decided = start_failure(ready.error());
    return impl_->conclude();
  }
  impl_->next();
}

void AttemptRun::extend(Instant kill_at) {
  impl_->state.kill_at = kill_at;
  if (impl_->current) impl_->steps[*impl_->current].step->extend(kill_at);
}

// A step that cleans up is not stopped by a wish, only by what may not wait.
void AttemptRun::stop(StopReason reason) {
  if (!impl_->stopped) impl_->stopped = reason;
  if (!impl_->current) return;
  PlannedStep& step = impl_->steps[*impl_->current];
  const bool may_wait = reason == StopReason::cancel || reason == StopReason::pause;
  if (!step.always || !may_wait) step.step->stop(reason);
}

void AttemptRun::set_bandwidth(uint64_t bytes_per_second) {
  if (!impl_->state.control) return;
  impl_->state.spec.bandwidth_bytes_per_second = bytes_per_second;
  impl_->state.control->set_limit(bytes_per_second);
}

void AttemptRun::upload(UploadChunk chunk, uint64_t id) {
  AttemptState& state = impl_->state;
  UploadState answer;
  answer.token = state.token;
  if (!is_ticket(chunk.ticket, state.task.upload.ticket_hash)) {
    answer.code = to_wire_code(ErrorCode::denied);
    answer.message = "this is not the ticket of the upload";
    return impl_->upload_state(answer, id);
  }
  if (state.upload.taker != nullptr) return state.upload.taker->take(std::move(chunk), id);
  // Not yet, or not any more: nothing may be sent now.
  answer.received = state.upload.size;
  impl_->upload_state(answer, id);
}

const RunLog* AttemptRun::log() const {
  return impl_->state.log.get();
}
std::unique_ptr<RunLog> AttemptRun::take_log() {
  return std::move(impl_->state.log);
}
const std::string& AttemptRun::directory() const {
  return impl_->state.paths.directory;
}

Status AttemptRun::Impl::prepare() {
  DRAY_TRY_ASSIGN(state.policy, job_policy_from(state.spec.policy));
  if (!state.spec.task.empty()) {
    DRAY_TRY_ASSIGN(state.task, from_json<RunTask>(state.spec.task, {.unknown_keys = true}));
  }
  DRAY_TRY(check_hooks(state));
  if (state.spec.kind == JobKind::command) {  // without remotes
    DRAY_TRY(make_run_directory(state.paths));
  } else {
    DRAY_TRY_ASSIGN(logins, find_places(state));
  }
  DRAY_TRY(settle_sandbox());
  if (state.spec.live_bandwidth && state.spec.kind != JobKind::command) DRAY_TRY(open_control());
  state.log = context.logs.create(state.token.run, state.token.attempt);
  steps = planner(state);
  for (const PlannedStep& step : steps)
    weight_all += step.weight;
  if (steps.empty())
    return fail(ErrorCode::invalid, "this worker cannot carry out runs of kind {}",
                to_string(state.spec.kind));
  return {};
}

// The limit of the processes that follow, changed while they run.
Status AttemptRun::Impl::open_control() {
  state.control = std::make_unique<RcloneControl>(
      context.loop, state.spec.bandwidth_bytes_per_second,
      [this](uint64_t limit) { events.bandwidth(state.token, true, limit); });
  return state.control->prepare(state.paths.control());
}

Status AttemptRun::Impl::settle_sandbox() {
  DRAY_TRY_ASSIGN(SandboxChoice choice,
                  choose_sandbox(state.policy.sandbox, context.sandbox_rules, context.sandbox));
  state.confined = choice.confined;
  state.report.sandbox = std::move(choice.note);
  SandboxView& view = state.sandbox;
  view.directory = state.paths.directory;
  const uint64_t wish = state.policy.limits.memory_bytes;
  view.memory_bytes = wish > 0 ? wish : context.run_memory;
  const uint32_t percent = state.policy.limits.cpu_percent;
  view.cpu_percent = percent > 0 ? percent : context.run_cpu_percent;
  if (context.cgroups.works()) {
    DRAY_TRY_ASSIGN(view.cgroup, context.cgroups.make(
                                     fmt::format("run-{}-{}", state.token.run, state.token.attempt),
                                     {view.memory_bytes, view.cpu_percent}));
  }
  if (!state.confined) return {};
  const bool takes_away = state.spec.kind == JobKind::move;
  (takes_away ? view.writable : view.readable) = state.config.source_locals;
  for (const std::string& path : state.config.destination_locals) {
    // A rehearsal makes nothing, and what is not there is empty.
    if (state.spec.dry_run && access(path.c_str(), F_OK) != 0) continue;
    DRAY_TRY_ASSIGN(std::string directory, make_local_directory(path, context.local_roots));
    view.writable.push_back(std::move(directory));
  }
  return {};
}

void AttemptRun::Impl::next() {
  for (;;) {
    size_t index = current ? *current + 1 : 0;
    // Whoever asks for the end while only cleaning up is left comes too late.
    const bool work_left = std::any_of(steps.begin() + static_cast<ptrdiff_t>(index), steps.end(),
                                       [](const PlannedStep& step) { return !step.always; });
    if (stopped && !over && work_left) {
      decided = stopped_end(*stopped);
      decided.never_started = !told_running;
      over = true;
      state.outcome = decided.outcome;
    }
    while (index < steps.size() && over && !steps[index].always)
      weight_done += steps[index++].weight;
    if (index >= steps.size()) {
      current.reset();
      return conclude();
    }
    current = index;
    step_started = context.clock.now();
    in_begin = true;
    steps[index].step->begin();
    in_begin = false;
    if (!end_waits) return;
    end_waits = false;
  }
}

void AttemptRun::Impl::running() {
  if (told_running) return;
  told_running = true;
  events.running(state.token);
}

void AttemptRun::Impl::show(const Progress& progress, bool always) {
  if (!current) return;
  const PlannedStep& step = steps[*current];
  const double before = shown.percent;
  // The counters of the transfer stay to be seen while later steps run.
  if (step.phase == Phase::transferring || shown.bytes_total == 0) {
    shown = progress;
  } else {
    shown.files = progress.files;
    shown.stage = progress.stage;
    shown.bytes_per_second = progress.bytes_per_second;
    shown.eta_seconds = progress.eta_seconds;
  }
  shown.phase = step.phase == Phase::transferring && progress.phase != Phase::done ? progress.phase
                                                                                   : step.phase;
  shown.percent = std::max(
      before, (weight_done * 100 + step.weight * progress.percent) / std::max(weight_all, 1.0));
  publish(context.clock.now(), always);
}

void AttemptRun::Impl::upload_state(const UploadState& answer, uint64_t id) {
  events.upload_state(answer, id);
}

void AttemptRun::Impl::publish(Now now, bool always) {
  if (!always && shown_at && now.mono - *shown_at < limits::kProgressInterval) return;
  shown_at = now.mono;
  shown.elapsed_ms = to_ms(now.mono - started.mono);
  if (shown.phase != Phase::done) {
    Progress told = shown;
    told.eta_seconds = seconds_left(shown, state.task.learned);
    return events.progress(state.token, told);
  }
  events.progress(state.token, shown);
}

void AttemptRun::Impl::ended(StepEnd end) {
  const PlannedStep& step = steps[*current];
  const Duration lasted = context.clock.now().mono - step_started.mono;
  // A plan of one step tells nothing that the attempt does not tell.
  if (steps.size() > 1)
    state.report.steps.push_back({std::string(step.name), end.outcome,
                                  static_cast<uint64_t>(std::max<int64_t>(to_ms(lasted), 0)),
                                  end.hint, end.output});
  weight_done += step.weight;
  if (!is_good(end.outcome)) {
    if (!over) decided = std::move(end);
    over = true;
  } else if (!over) {
    take_good_end(step, std::move(end));
  }
  state.outcome = decided.outcome;
  if (in_begin) {
    end_waits = true;
  } else {
    next();
  }
}

// The first warning stays; of what went well the main step decides, and whoever has something to
// say is heard.
void AttemptRun::Impl::take_good_end(const PlannedStep& step, StepEnd end) {
  if (decided.outcome == Outcome::warning) return;
  if (end.outcome == Outcome::warning) {
    decided = std::move(end);
    return;
  }
  std::string hint = end.hint.empty() ? std::move(decided.hint) : std::move(end.hint);
  if (step.main) decided = std::move(end);
  decided.hint = std::move(hint);
}

void AttemptRun::Impl::conclude() {
  // Before the result: who is given the account next is given the login that is good then.
  logins.reset();
  if (!state.sandbox.cgroup.empty()) RunCgroups::remove(state.sandbox.cgroup);
  if (state.log) state.log->finish();
  const Now now = context.clock.now();
  AttemptResult result = make_result(now);
  if (!result.never_started) {
    const bool complete =
        result.outcome == Outcome::succeeded || result.outcome == Outcome::nothing_to_do;
    shown.phase = Phase::done;
    shown.files.clear();
    shown.bytes_per_second = 0;
    shown.eta_seconds = -1;
    if (complete) shown.percent = 100;
    publish(now, true);
  }
  events.ended(std::move(result));
}

AttemptResult AttemptRun::Impl::make_result(Now now) {
  if (stopped == StopReason::cancel && decided.never_started)
    decided.hint = "Cancelled before it started.";
  AttemptResult result;
  result.token = state.token;
  result.started_at = started.wall;
  result.ended_at = now.wall;
  result.duration_ms = static_cast<uint64_t>(std::max<int64_t>(to_ms(now.mono - started.mono), 0));
  result.rclone_version = context.version_text;
  if (state.log) {
    result.log_excerpt = state.log->excerpt();
    result.log_bytes = state.log->shape().total;
  }
  result.outcome = decided.outcome;
  result.error_class = decided.error_class;
  result.retry = decided.retry;
  result.hint = shorten(decided.hint, limits::kMaxHintBytes);
  result.deciding_line = std::move(decided.deciding_line);
  result.exit_code = decided.exit_code;
  result.signal = decided.signal;
  result.never_started = decided.never_started && !told_running;
  result.bytes = state.bytes;
  result.files = state.files;
  result.checks = state.checks;
  result.deletes = state.deletes;
  result.errors = state.errors;
  if (stopped == StopReason::shutdown && result.outcome == Outcome::cancelled)
    result.hint = "The worker was stopped while the run was going on.";
  if (!(state.report == AttemptReport{})) result.report = to_json(state.report);
  return result;
}

}  // namespace dray::worker
