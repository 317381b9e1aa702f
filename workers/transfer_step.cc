#include "workers/transfer_step.h"

#include "workers/exit_judge.h"
#include "workers/manifest_step.h"
#include "workers/remote_listing.h"
#include "workers/runner_step.h"

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

class TransferStep final : public RunnerStep {
 public:
  using RunnerStep::RunnerStep;

  void begin() override {
    Result<ProcessPlan> plan = make_plan();
    if (!plan) return state().host.ended(start_failure(plan.error()));
    progress_.start(now());
    run(std::move(*plan));
  }

 private:
  Result<ProcessPlan> make_plan() {
    const RunContext& context = state().context;
    DRAY_TRY(filter_flags(state()));
    ProcessPlan plan;
    DRAY_TRY_ASSIGN(plan.argv,
                    rclone_argv(context.rclone, state().spec, state().config.source,
                                state().places.objects, state().paths, context.allow_flags));
    for (std::string& flag : backup_flags(state()))
      plan.argv.push_back(std::move(flag));
    plan.label = fmt::format("run-{}-{}", state().token.run, state().token.attempt);
    plan.environment = rclone_environment(state().paths);
    plan.verb = verb_of(state().spec.kind);
    plan.stall = seconds{state().spec.options.stall_seconds};
    plan.on_started = [this] { show(true); };
    plan.on_stats = [this](const StatsRecord& stats) {
      progress_.on_stats(stats, now());
      runner().moved(progress_.stalled_since());
      show(false);
    };
    return plan;
  }

  void show(bool always) { state().host.show(progress_.snapshot(now()), always); }

  void finish(const ProcessEnd& end) override {
    StepEnd step = judge_process(end);
    if (!end.start_error) {
      const Judgement judgement = judge(end.evidence);
      state().bytes = count(judgement.bytes);
      state().files = count(judgement.files);
      state().checks = count(judgement.checks);
      state().deletes = count(judgement.deletes);
      state().errors = count(judgement.errors);
      progress_.finish(
          now(), step.outcome == Outcome::succeeded || step.outcome == Outcome::nothing_to_do);
      show(true);
    }
    state().host.ended(std::move(step));
  }

  ProgressModel progress_;
};

}  // namespace

std::unique_ptr<Step> make_transfer_step(AttemptState& state) {
  return std::make_unique<TransferStep>(state);
}

}  // namespace dray::worker
