// A step that is one process, whose plan and judgement are functions.
#pragma once

#include <functional>

#include "workers/runner_step.h"

namespace dray::worker {

class ProcessStep final : public RunnerStep {
 public:
  // Made when the step begins, so that it can use what earlier steps found out.
  using MakePlan = std::function<Result<ProcessPlan>(AttemptState&)>;
  using Judge = std::function<StepEnd(AttemptState&, const ProcessEnd&)>;

  // `judge` may be empty: judge_process(). `state` outlives this.
  ProcessStep(AttemptState& state, MakePlan make_plan, Judge judge = {});

  void begin() override;

 private:
  void finish(const ProcessEnd& end) override;

  MakePlan make_plan_;
  Judge judge_;
};

}  // namespace dray::worker
