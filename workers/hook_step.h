// Programs of the administrator before and after a run: [hooks.NAME] of the worker's configuration.
//
// A hook runs under the guard like everything else of a run, in an empty directory of its own, with
// an environment that holds DRAY_RUN, DRAY_JOB, DRAY_CLIENT, DRAY_PHASE ("before", "after") and
// DRAY_OUTCOME (after: how the run ended so far) and nothing else. What it says goes to the run's
// log; the end of that to the report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "workers/attempt_state.h"

namespace dray::worker {

enum class HookPhase : uint8_t { before, after };

// They stand around the work of the job: restores, drills and prunes are none, dry runs do nothing.
bool runs_hooks(const RunSpec& spec);

// invalid: the job names a hook that this worker does not have.
Status check_hooks(const AttemptState& state);

// `call` is one of the policy's; it must be known to check_hooks().
std::unique_ptr<Step> make_hook_step(AttemptState& state, const HookCall& call, HookPhase phase);

// What hooks and commands see: names and outcome, no secret.
std::vector<std::string> program_environment(const AttemptState& state, std::string_view phase);

}  // namespace dray::worker
