// Before a transfer: counts what it would change and holds the run when that is unusual; and looks
// whether the destination has room. Nothing is changed by it.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

// True for runs that overwrite or delete, whose guard is on, that nobody has approved and that are
// no dry runs.
bool needs_guard(const AttemptState& state);
std::unique_ptr<Step> make_guard_step(AttemptState& state);

}  // namespace dray::worker
