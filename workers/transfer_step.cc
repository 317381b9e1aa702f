#include "workers/transfer_step.h"

#include "workers/exit_judge.h"
#include "workers/manifest_step.h"
#include "workers/process_runner.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

struct KindRow {
  JobKind kind;
  RcloneVerb verb;
};
constexpr KindRow kKinds[] = {
    {JobKind::sync, RcloneVerb::sync},
    {JobKind::copy, RcloneVerb::copy},
    {JobKind::move, RcloneVerb::move},
};

RcloneVerb verb_of(JobKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return row.verb;
  return RcloneVerb::unknown;
}

uint64_t count(int64_t value) {
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

class TransferStep final : public Step {
 public:
  explicit TransferStep(AttemptState& state) : state_(state) {}

  void begin() override {
    Result<ProcessPlan> plan = make_plan();
    if (!plan) return state_.host.ended(start_failure(plan.error()));
    progress_.start(now());
    runner_ = std::make_unique<ProcessRunner>(state_, std::move(*plan),
                                              [this](const ProcessEnd& end) { finish(end); });
    runner_->begin();
  }
  void extend(Instant kill_at) override {
    if (runner_) runner_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (runner_) runner_->stop(reason);
  }

 private:
  Instant now() const { return state_.context.clock.now().mono; }

  Result<ProcessPlan> make_plan() {
    const RunContext& context = state_.context;
    DRAY_TRY(filter_flags(state_));
    ProcessPlan plan;
    DRAY_TRY_ASSIGN(plan.argv,
                    rclone_argv(context.rclone, state_.spec, state_.config.source,
                                state_.places.objects, state_.paths, context.allow_flags));
    for (std::string& flag : backup_flags(state_))
      plan.argv.push_back(std::move(flag));
    plan.label = fmt::format("run-{}-{}", state_.token.run, state_.token.attempt);
    plan.environment = rclone_environment(state_.paths);
    plan.verb = verb_of(state_.spec.kind);
    plan.stall = seconds{state_.spec.options.stall_seconds};
    plan.on_started = [this] { show(true); };
    plan.on_stats = [this](const StatsRecord& stats) {
      progress_.on_stats(stats, now());
      runner_->moved(progress_.stalled_since());
      show(false);
    };
    return plan;
  }

  void show(bool always) { state_.host.show(progress_.snapshot(now()), always); }

  void finish(const ProcessEnd& end) {
    StepEnd step = judge_process(end);
    if (!end.start_error) {
      const Judgement judgement = judge(end.evidence);
      state_.bytes = count(judgement.bytes);
      state_.files = count(judgement.files);
      state_.checks = count(judgement.checks);
      state_.deletes = count(judgement.deletes);
      state_.errors = count(judgement.errors);
      progress_.finish(
          now(), step.outcome == Outcome::succeeded || step.outcome == Outcome::nothing_to_do);
      show(true);
    }
    state_.host.ended(std::move(step));
  }

  AttemptState& state_;
  ProgressModel progress_;
  std::unique_ptr<ProcessRunner> runner_;
};

}  // namespace

std::unique_ptr<Step> make_transfer_step(AttemptState& state) {
  return std::make_unique<TransferStep>(state);
}

}  // namespace dray::worker
