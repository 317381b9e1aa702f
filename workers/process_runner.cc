#include "workers/process_runner.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "daemon/base/text.h"
#include "workers/exit_judge.h"
#include "workers/rclone_log.h"

namespace dray::worker {
namespace {

struct StopMeaning {
  StopReason reason;
  dray::StopReason evidence;
};
constexpr StopMeaning kStopMeanings[] = {
    {StopReason::cancel, dray::StopReason::requested},
    {StopReason::lease, dray::StopReason::lease},
    {StopReason::stall, dray::StopReason::stall},
    {StopReason::stale, dray::StopReason::requested},
    {StopReason::shutdown, dray::StopReason::requested},
    {StopReason::pause, dray::StopReason::requested},
    {StopReason::time_limit, dray::StopReason::time_limit},
};

dray::StopReason to_evidence(std::optional<StopReason> reason, bool by_deadline) {
  if (by_deadline) return dray::StopReason::lease;
  for (const StopMeaning& row : kStopMeanings)
    if (reason == row.reason) return row.evidence;
  return dray::StopReason::none;
}

// The log's records go to the evidence, and what a step wants to see to the step as well.
class Tee final : public LogHandler {
 public:
  Tee(const ProcessPlan& plan, std::function<void(const StatsRecord&)> on_stats,
      std::function<void(uint16_t)> on_serving)
      : plan_(plan), on_stats_(std::move(on_stats)), on_serving_(std::move(on_serving)) {}
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
  void on_rc_serving(const LogLine&, uint16_t port) override {
    if (on_serving_) on_serving_(port);
  }
  void on_error(const LogLine& line) override { collector_.on_error(line); }
  void on_note(const LogLine& line) override { collector_.on_note(line); }
  void on_plain(std::string_view text) override {
    collector_.on_plain(text);
    if (plan_.on_plain) plan_.on_plain(text);
  }

 private:
  const ProcessPlan& plan_;
  EvidenceCollector collector_;
  std::function<void(const StatsRecord&)> on_stats_;
  std::function<void(uint16_t)> on_serving_;
};

// Before 1.62 crypt over sftp sends half as much again (1.5 x measured), unless sftp writes one
// block after the other.
constexpr RcloneVersion kSftpMended{1, 62, 0};
constexpr std::string_view kPlainSftpWrites = "RCLONE_SFTP_DISABLE_CONCURRENT_WRITES=true";

bool resends_over_sftp(const AttemptState& state) {
  return state.policy.encryption && state.context.version && *state.context.version < kSftpMended;
}

// A program of the administrator sees of the run's directory only where it works: settings of
// remotes in clear lie beside it.
SandboxView program_view(const AttemptState& state, const ProcessPlan& plan) {
  SandboxView view = state.sandbox;
  view.programs = true;
  view.directory = plan.directory;
  const AllowedProgram& program = *plan.program;
  view.readable.insert(view.readable.end(), program.readable.begin(), program.readable.end());
  view.writable.insert(view.writable.end(), program.writable.begin(), program.writable.end());
  return view;
}

// Every process of a run passes here.
std::vector<std::string> confined(const AttemptState& state, const ProcessPlan& plan) {
  const RunContext& context = state.context;
  if (plan.program != nullptr) {
    if (!state.confined || !plan.program->sandbox) return plan.argv;
    return sandbox_argv(context.sandbox, context.guard, program_view(state, plan), plan.argv);
  }
  if (state.confined) return sandbox_argv(context.sandbox, context.guard, state.sandbox, plan.argv);
  return limited_argv(context.guard, state.sandbox, plan.argv);
}

// rclone's runtime frees more eagerly near this, before it hits the limit.
std::string memory_goal(uint64_t limit) {
  return fmt::format("GOMEMLIMIT={}", limit / 10 * 8);
}

// So many threads of rclone's run at a time, also where no group bounds them.
std::string processors(uint32_t percent) {
  return fmt::format("GOMAXPROCS={}", processors_for(percent));
}

}  // namespace

struct ProcessRunner::Impl {
  Impl(AttemptState& state_in, ProcessPlan plan_in, std::function<void(ProcessEnd)> done_in)
      : state(state_in),
        context(state_in.context),
        plan(std::move(plan_in)),
        done(std::move(done_in)),
        timer(context.loop),
        machine(times(), context.clock.now()),
        handler(
            plan, [this](const StatsRecord& stats) { on_stats(stats); },
            [this](uint16_t port) {
              if (state.control) state.control->serving(control_id, port);
            }) {}

  RunTimes times() const {
    RunTimes t;
    t.stall = plan.stall;
    t.grace = context.stop_grace;
    return t;
  }

  void keep_to_limit();
  void spawn();
  ChildHandlers handlers();
  void step(const run::Event& event);
  void carry_out(run::Action action);
  void arm_timer();
  void on_stats(const StatsRecord& stats);
  void finish();

  AttemptState& state;
  const RunContext& context;
  ProcessPlan plan;
  std::function<void(ProcessEnd)> done;
  Timer timer;
  std::optional<Instant> timer_at;
  RunMachine machine;
  LogReader reader;
  Tee handler;
  std::unique_ptr<ChildProcess> child;
  std::optional<Error> start_error;
  ChildExit exit;
  uint64_t control_id = 0;
};

ProcessRunner::ProcessRunner(AttemptState& state, ProcessPlan plan,
                             std::function<void(ProcessEnd)> done)
    : impl_(std::make_unique<Impl>(state, std::move(plan), std::move(done))) {}
ProcessRunner::~ProcessRunner() = default;

void ProcessRunner::begin() {
  impl_->step(run::Prepared{});
}
void ProcessRunner::extend(Instant kill_at) {
  if (impl_->child) impl_->child->set_deadline(kill_at);
}
void ProcessRunner::stop(StopReason reason) {
  impl_->step(run::Stop{reason});
}
void ProcessRunner::moved(Instant since) {
  impl_->step(run::Moved{since});
}

int ProcessRunner::input() const {
  return impl_->child ? impl_->child->input() : -1;
}
void ProcessRunner::end_input() {
  if (impl_->child) impl_->child->end_input();
}

ChildHandlers ProcessRunner::Impl::handlers() {
  ChildHandlers h;
  h.on_started = [this] {
    step(run::Started{});
    state.host.running();
    if (plan.on_started) plan.on_started();
  };
  h.on_failed = [this](const Error& error) {
    start_error = error;
    step(run::StartFailed{});
  };
  h.on_log = [this](std::span<const char> bytes) {
    state.log->write(bytes, context.clock.now().mono);
    reader.feed(bytes, handler);
  };
  if (plan.on_output) h.on_output = plan.on_output;
  h.on_exit = [this](const ChildExit& how) {
    exit = how;
    step(run::Exited{});
  };
  h.on_log_end = [this] { step(run::LogEnded{}); };
  h.on_gone = [this] { step(run::Gone{}); };
  return h;
}

// Every rclone of the attempt keeps to the limit of this moment, whatever step it belongs to.
void ProcessRunner::Impl::keep_to_limit() {
  if (plan.argv.empty() || plan.argv.front() != context.rclone) return;
  const uint64_t limit =
      state.control ? state.control->limit() : state.spec.bandwidth_bytes_per_second;
  if (limit > 0) {
    plan.argv.emplace_back("--bwlimit");
    plan.argv.push_back(rclone_rate(limit));
  }
  if (state.control)
    for (std::string& flag : state.control->flags())
      plan.argv.push_back(std::move(flag));
}

void ProcessRunner::Impl::spawn() {
  if (plan.program == nullptr) keep_to_limit();
  ChildSpec spec;
  spec.guard = context.guard;
  spec.label = plan.label;
  spec.directory = plan.directory.empty() ? state.paths.directory : plan.directory;
  spec.argv = confined(state, plan);
  spec.environment = plan.environment;
  if (plan.program == nullptr && state.sandbox.memory_bytes > 0)
    spec.environment.push_back(memory_goal(state.sandbox.memory_bytes));
  if (plan.program == nullptr && state.sandbox.cpu_percent > 0)
    spec.environment.push_back(processors(state.sandbox.cpu_percent));
  if (plan.program == nullptr && resends_over_sftp(state))
    spec.environment.emplace_back(kPlainSftpWrites);
  spec.kill_at = state.kill_at;
  spec.capture_output = plan.capture_output;
  spec.feed_input = plan.feed_input;
  if (state.control && plan.program == nullptr) control_id = state.control->started();
  spec.output_fd = plan.output.get();
  Result<std::unique_ptr<ChildProcess>> made =
      ChildProcess::start(context.loop, context.family, std::move(spec), handlers());
  plan.output.reset();
  if (made) {
    child = std::move(*made);
    return;
  }
  start_error = std::move(made.error());
  step(run::StartFailed{});
  step(run::LogEnded{});
  step(run::Gone{});
}

void ProcessRunner::Impl::step(const run::Event& event) {
  std::vector<run::Action> actions;
  machine.step(event, context.clock.now(), actions);
  for (const run::Action action : actions)
    carry_out(action);
  if (machine.state() != RunMachine::State::ended) arm_timer();
}

void ProcessRunner::Impl::carry_out(run::Action action) {
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

void ProcessRunner::Impl::arm_timer() {
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

void ProcessRunner::Impl::on_stats(const StatsRecord& stats) {
  if (plan.on_stats) plan.on_stats(stats);
}

void ProcessRunner::Impl::finish() {
  timer.cancel();
  if (state.control && plan.program == nullptr) state.control->ended(control_id);
  reader.finish(handler);
  ProcessEnd end;
  end.start_error = std::move(start_error);
  end.stopped = machine.stopped();
  end.by_deadline = exit.by_deadline;
  RunEvidence& evidence = handler.evidence();
  if (exit.guard_lost) {
    evidence.signal = SIGKILL;
  } else if (WIFSIGNALED(exit.wait_status)) {
    evidence.signal = WTERMSIG(exit.wait_status);
  } else {
    evidence.exit_code = WEXITSTATUS(exit.wait_status);
  }
  evidence.stop = to_evidence(end.stopped, exit.by_deadline);
  evidence.version = context.version;
  evidence.verb = plan.verb;
  evidence.dry_run = state.spec.dry_run;
  end.evidence = std::move(evidence);
  done(std::move(end));
}

StepEnd judge_process(const ProcessEnd& end) {
  if (end.start_error) return start_failure(*end.start_error);
  Judgement judgement = judge(end.evidence);
  StepEnd step;
  step.outcome = judgement.outcome;
  step.error_class = judgement.error_class;
  step.retry = judgement.retry;
  step.hint = std::move(judgement.hint);
  step.deciding_line = std::move(judgement.deciding_line);
  if (end.evidence.signal == 0) step.exit_code = end.evidence.exit_code;
  step.signal = end.evidence.signal;
  return step;
}

}  // namespace dray::worker
