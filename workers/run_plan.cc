#include "workers/run_plan.h"

#include "workers/transfer_step.h"

namespace dray::worker {
namespace {

bool is_plain_transfer(const AttemptState& state) {
  return state.spec.kind == JobKind::sync || state.spec.kind == JobKind::copy ||
         state.spec.kind == JobKind::move;
}

struct StepRow {
  std::string_view name;
  Phase phase;
  double weight;
  bool always;
  bool (*applies)(const AttemptState&);
  std::unique_ptr<Step> (*make)(AttemptState&);
};

constexpr StepRow kSteps[] = {
    {"transfer", Phase::transferring, 90, false, is_plain_transfer, make_transfer_step},
};

}  // namespace

std::vector<PlannedStep> plan_steps(AttemptState& state) {
  std::vector<PlannedStep> steps;
  for (const StepRow& row : kSteps)
    if (row.applies(state))
      steps.push_back({row.name, row.phase, row.weight, row.always, row.make(state)});
  return steps;
}

}  // namespace dray::worker
