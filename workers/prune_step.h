// The step of a run of kind prune: takes away what only the states need that retention lets go.
// Everything is found out anew at each attempt and what is gone already is no error, so a run that
// was cut short anywhere is finished by its next attempt.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

bool is_prune(const AttemptState& state);
std::unique_ptr<Step> make_prune_step(AttemptState& state);

}  // namespace dray::worker
