#include "workers/process_step.h"

namespace dray::worker {

ProcessStep::ProcessStep(AttemptState& state, MakePlan make_plan, Judge judge)
    : state_(state), make_plan_(std::move(make_plan)), judge_(std::move(judge)) {}

void ProcessStep::begin() {
  Result<ProcessPlan> plan = make_plan_(state_);
  if (!plan) return state_.host.ended(start_failure(plan.error()));
  runner_ = std::make_unique<ProcessRunner>(state_, std::move(*plan), [this](ProcessEnd end) {
    state_.host.ended(judge_ && !end.start_error ? judge_(state_, end) : judge_process(end));
  });
  runner_->begin();
}

void ProcessStep::extend(Instant kill_at) {
  if (runner_) runner_->extend(kill_at);
}

void ProcessStep::stop(StopReason reason) {
  if (runner_) runner_->stop(reason);
}

}  // namespace dray::worker
