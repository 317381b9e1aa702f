// Which steps an attempt has, in order: one table.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "workers/attempt_state.h"

namespace dray::worker {

struct PlannedStep {
  std::string name;                   // in reports, logs and messages: "transfer"
  Phase phase = Phase::transferring;  // shown while it runs; transferring: as the step tells
  double weight = 1;                  // share of the overall percent
  bool always = false;                // also after a step that failed or was stopped: cleaning up
  std::unique_ptr<Step> step;
  bool main = false;  // the work itself: its end is the attempt's when all is well
};

std::vector<PlannedStep> plan_steps(AttemptState& state);

}  // namespace dray::worker
