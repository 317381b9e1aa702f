#include "workers/rclone_run.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "workers/exit_judge.h"
#include "workers/progress.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"
#include "workers/rclone_log.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

dray::StopReason to_evidence(std::optional<StopReason> reason, bool by_deadline) {
  if (by_deadline) return dray::StopReason::lease;
  if (!reason) return dray::StopReason::none;
  switch (*reason) {
    case StopReason::stall:
      return dray::StopReason::stall;
    case StopReason::lease:
    case StopReason::shutdown:
      return dray::StopReason::lease;
    case StopReason::cancel:
    case StopReason::stale:
      break;
  }
  return dray::StopReason::requested;
}

// What stands in the way of a start, and whether it may be gone the next time.
void describe_start_failure(const Error& error, AttemptResult& result) {
  const bool ours = error.code == ErrorCode::invalid || error.code == ErrorCode::denied ||
                    error.code == ErrorCode::corrupt;
  result.outcome = Outcome::failed;
  result.error_class = ours ? ErrorClass::config : ErrorClass::resources;
  result.retry = !ours;
  result.hint = shorten(error.message, limits::kMaxHintBytes);
  result.never_started = true;
}

uint64_t count(int64_t value) {
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

// The log's records go to the evidence, and its stats to the progress as well.
class RunLogHandler final : public LogHandler {
 public:
  explicit RunLogHandler(std::function<void(const StatsRecord&)> on_stats)
      : on_stats_(std::move(on_stats)) {}
  RunEvidence& evidence() { return collector_.evidence(); }

  void on_stats(const LogLine& line, const StatsRecord& stats) override {
    collector_.on_stats(line, stats);
    on_stats_(stats);
  }
  void on_object(const LogLine& line, ObjectAction action) override {
    collector_.on_object(line, action);
  }
  void on_dry_run(const LogLine& line) override { collector_.on_dry_run(line); }
  void on_retry(const LogLine& line, const RetryRecord& record) override {
    collector_.on_retry(line, record);
  }
  void on_check(const LogLine& line, CheckCount kind, int64_t number) override {
    collector_.on_check(line, kind, number);
  }
  void on_error(const LogLine& line) override { collector_.on_error(line); }
  void on_note(const LogLine& line) override { collector_.on_note(line); }
  void on_plain(std::string_view text) override { collector_.on_plain(text); }

 private:
  EvidenceCollector collector_;
  std::function<void(const StatsRecord&)> on_stats_;
};

}  // namespace

struct RcloneRun::Impl {
  Impl(const RunContext& context_in, const StartAttempt& attempt, ExecutorEvents& events_in)
      : context(context_in),
        events(events_in),
        token(attempt.token),
        spec(attempt.spec),
        kill_at(attempt.kill_at),
        paths{run_directory(context.work_dir, token)},
        timer(context.loop),
        machine(times(), context.clock.now()),
        handler([this](const StatsRecord& stats) { on_stats(stats); }) {}

  RunTimes times() const {
    RunTimes t;
    t.stall = seconds{spec.options.stall_seconds};
    t.grace = context.stop_grace;
    return t;
  }

  Status prepare();
  void spawn();
  void step(const run::Event& event);
  void carry_out(run::Action action);
  void arm_timer();
  void on_log(std::span<const char> bytes);
  void on_stats(const StatsRecord& stats);
  void show_progress(Now now, bool always);
  void finish();
  AttemptResult make_result(Now now);

  const RunContext& context;
  ExecutorEvents& events;
  Token token;
  RunSpec spec;
  Instant kill_at;
  RunPaths paths;
  std::vector<std::string> argv;
  Timer timer;
  std::optional<Instant> timer_at;
  RunMachine machine;
  LogReader reader;
  RunLogHandler handler;
  ProgressModel progress;
  std::unique_ptr<RunLog> log;
  std::unique_ptr<ChildProcess> child;
  std::optional<Error> start_error;
  ChildExit exit;
  Now started{};
  std::optional<Instant> shown_at;
  Instant moved_since{};
};

RcloneRun::RcloneRun(const RunContext& context, const StartAttempt& attempt, ExecutorEvents& events)
    : impl_(std::make_unique<Impl>(context, attempt, events)) {}
RcloneRun::~RcloneRun() = default;

void RcloneRun::begin() {
  impl_->started = impl_->context.clock.now();
  Status ready = impl_->prepare();
  if (!ready) {
    impl_->start_error = std::move(ready.error());
    impl_->step(run::PrepareFailed{});
    return;
  }
  impl_->step(run::Prepared{});
}

void RcloneRun::extend(Instant kill_at) {
  impl_->kill_at = kill_at;
  if (impl_->child) impl_->child->set_deadline(kill_at);
}
void RcloneRun::stop(StopReason reason) {
  impl_->step(run::Stop{reason});
}
const RunLog* RcloneRun::log() const {
  return impl_->log.get();
}
std::unique_ptr<RunLog> RcloneRun::take_log() {
  return std::move(impl_->log);
}
const std::string& RcloneRun::directory() const {
  return impl_->paths.directory;
}

Status RcloneRun::Impl::prepare() {
  DRAY_TRY_ASSIGN(RcloneConfig config,
                  build_rclone_config(spec.remotes, spec.source, &spec.destination, context.keys,
                                      context.local_roots));
  DRAY_TRY_ASSIGN(const std::string filters, filter_file(spec.options));
  DRAY_TRY_ASSIGN(argv, rclone_argv(context.rclone, spec, config.source, config.destination, paths,
                                    context.allow_flags));
  DRAY_TRY(make_run_directory(paths));
  DRAY_TRY(write_private_file(paths.config(), config.text.reveal()));
  if (!filters.empty()) DRAY_TRY(write_private_file(paths.filters(), filters));
  log = context.logs.create(token.run, token.attempt);
  return {};
}

void RcloneRun::Impl::spawn() {
  ChildSpec child_spec;
  child_spec.guard = context.guard;
  child_spec.label = fmt::format("run-{}-{}", token.run, token.attempt);
  child_spec.directory = paths.directory;
  child_spec.argv = argv;
  child_spec.environment = rclone_environment(paths);
  child_spec.kill_at = kill_at;
  ChildHandlers handlers;
  handlers.on_started = [this] {
    step(run::Started{});
    events.running(token);
    show_progress(context.clock.now(), true);
  };
  handlers.on_failed = [this](const Error& error) {
    start_error = error;
    step(run::StartFailed{});
  };
  handlers.on_log = [this](std::span<const char> bytes) { on_log(bytes); };
  handlers.on_exit = [this](const ChildExit& how) {
    exit = how;
    step(run::Exited{});
  };
  handlers.on_log_end = [this] { step(run::LogEnded{}); };
  handlers.on_gone = [this] { step(run::Gone{}); };
  progress.start(context.clock.now().mono);
  Result<std::unique_ptr<ChildProcess>> made =
      ChildProcess::start(context.loop, context.family, std::move(child_spec), std::move(handlers));
  if (made) {
    child = std::move(*made);
    return;
  }
  start_error = std::move(made.error());
  step(run::StartFailed{});
  step(run::LogEnded{});
  step(run::Gone{});
}

void RcloneRun::Impl::step(const run::Event& event) {
  std::vector<run::Action> actions;
  machine.step(event, context.clock.now(), actions);
  for (const run::Action action : actions)
    carry_out(action);
  if (machine.state() != RunMachine::State::ended) arm_timer();
}

void RcloneRun::Impl::carry_out(run::Action action) {
  switch (action) {
    case run::Action::spawn:
      spawn();
      break;
    case run::Action::terminate:
      if (child) child->terminate();
      break;
    case run::Action::kill:
      if (child) child->kill();
      break;
    case run::Action::close_pipes:
      if (child) child->close_pipes();
      break;
    case run::Action::finish:
      finish();
      break;
  }
}

void RcloneRun::Impl::arm_timer() {
  const std::optional<Instant> at = machine.next_deadline();
  if (at == timer_at) return;
  timer_at = at;
  if (!at) {
    timer.cancel();
    return;
  }
  timer.start_once(*at - context.clock.now().mono, [this] {
    timer_at.reset();
    step(run::Tick{});
  });
}

void RcloneRun::Impl::on_log(std::span<const char> bytes) {
  const Now now = context.clock.now();
  log->write(bytes, now.mono);
  reader.feed(bytes, handler);
}

void RcloneRun::Impl::on_stats(const StatsRecord& stats) {
  const Now now = context.clock.now();
  progress.on_stats(stats, now.mono);
  step(run::Moved{progress.stalled_since()});
  show_progress(now, false);
}

void RcloneRun::Impl::show_progress(Now now, bool always) {
  if (!always && shown_at && now.mono - *shown_at < limits::kProgressInterval) return;
  shown_at = now.mono;
  events.progress(token, progress.snapshot(now.mono));
}

void RcloneRun::Impl::finish() {
  timer.cancel();
  reader.finish(handler);
  if (log) log->finish();
  const Now now = context.clock.now();
  AttemptResult result = make_result(now);
  const bool complete =
      result.outcome == Outcome::succeeded || result.outcome == Outcome::nothing_to_do;
  if (!result.never_started) {
    progress.finish(now.mono, complete);
    show_progress(now, true);
  }
  events.ended(std::move(result));
}

AttemptResult RcloneRun::Impl::make_result(Now now) {
  AttemptResult result;
  result.token = token;
  result.started_at = started.wall;
  result.ended_at = now.wall;
  const Duration lasted = now.mono - started.mono;
  result.duration_ms = count(to_ms(lasted));
  result.rclone_version = context.version_text;
  if (log) {
    result.log_excerpt = log->excerpt();
    result.log_bytes = log->shape().total;
  }
  if (start_error) {
    describe_start_failure(*start_error, result);
    return result;
  }
  if (!machine.spawned()) {
    const bool cancelled = machine.stopped() == StopReason::cancel;
    result.outcome = cancelled ? Outcome::cancelled : Outcome::failed;
    result.error_class = cancelled ? ErrorClass::none : ErrorClass::resources;
    result.retry = !cancelled;
    result.hint = cancelled ? "Cancelled before it started." : "The worker was stopped.";
    result.never_started = true;
    return result;
  }
  RunEvidence& evidence = handler.evidence();
  if (exit.guard_lost) {
    evidence.signal = SIGKILL;
  } else if (WIFSIGNALED(exit.wait_status)) {
    evidence.signal = WTERMSIG(exit.wait_status);
  } else {
    evidence.exit_code = WEXITSTATUS(exit.wait_status);
    result.exit_code = evidence.exit_code;
  }
  result.signal = evidence.signal;
  evidence.stop = to_evidence(machine.stopped(), exit.by_deadline);
  evidence.version = context.version;
  evidence.verb = spec.kind == JobKind::copy ? RcloneVerb::copy : RcloneVerb::sync;
  evidence.dry_run = spec.dry_run;
  Judgement judgement = judge(evidence);
  result.outcome = judgement.outcome;
  result.error_class = judgement.error_class;
  result.retry = judgement.retry;
  result.hint = shorten(judgement.hint, limits::kMaxHintBytes);
  result.deciding_line = std::move(judgement.deciding_line);
  result.bytes = count(judgement.bytes);
  result.files = count(judgement.files);
  result.checks = count(judgement.checks);
  result.deletes = count(judgement.deletes);
  result.errors = count(judgement.errors);
  if (machine.stopped() == StopReason::shutdown && judgement.retry)
    result.hint = "The worker was stopped while the transfer was going on.";
  return result;
}

}  // namespace dray::worker
