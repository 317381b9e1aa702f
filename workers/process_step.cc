#include "workers/process_step.h"

namespace dray::worker {

ProcessStep::ProcessStep(AttemptState& state, MakePlan make_plan, Judge judge)
    : RunnerStep(state), make_plan_(std::move(make_plan)), judge_(std::move(judge)) {}

void ProcessStep::begin() {
  Result<ProcessPlan> plan = make_plan_(state());
  if (!plan) return state().host.ended(start_failure(plan.error()));
  run(std::move(*plan));
}

void ProcessStep::finish(const ProcessEnd& end) {
  state().host.ended(judge_ && !end.start_error ? judge_(state(), end) : judge_process(end));
}

}  // namespace dray::worker
