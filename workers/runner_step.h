// Base of the steps that are one process: the transfer, commands, hooks, and those that
// process_step.h makes of functions.
#pragma once

#include <memory>

#include "workers/process_runner.h"

namespace dray::worker {

class RunnerStep : public Step {
 public:
  explicit RunnerStep(AttemptState& state) : state_(state) {}

  void extend(Instant kill_at) final {
    if (runner_) runner_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (runner_) runner_->stop(reason);
  }

 protected:
  AttemptState& state() const { return state_; }
  Instant now() const { return state_.context.clock.now().mono; }
  ProcessRunner& runner() { return *runner_; }

  // At most once; finish() follows when the process has ended or could not be started.
  void run(ProcessPlan plan) {
    runner_ = std::make_unique<ProcessRunner>(state_, std::move(plan),
                                              [this](const ProcessEnd& end) { finish(end); });
    runner_->begin();
  }
  // Ends the step.
  virtual void finish(const ProcessEnd& end) = 0;

 private:
  AttemptState& state_;
  std::unique_ptr<ProcessRunner> runner_;
};

}  // namespace dray::worker
