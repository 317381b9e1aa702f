// A step that is one process.
#pragma once

#include <functional>
#include <memory>

#include "workers/process_runner.h"

namespace dray::worker {

class ProcessStep final : public Step {
 public:
  // Made when the step begins, so that it can use what earlier steps found out.
  using MakePlan = std::function<Result<ProcessPlan>(AttemptState&)>;
  using Judge = std::function<StepEnd(AttemptState&, const ProcessEnd&)>;

  // `judge` may be empty: judge_process(). `state` outlives this.
  ProcessStep(AttemptState& state, MakePlan make_plan, Judge judge = {});

  void begin() override;
  void extend(Instant kill_at) override;
  void stop(StopReason reason) override;

 private:
  AttemptState& state_;
  MakePlan make_plan_;
  Judge judge_;
  std::unique_ptr<ProcessRunner> runner_;
};

}  // namespace dray::worker
