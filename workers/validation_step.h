// Compares source and destination, after a transfer or as a run of its own. Changes nothing.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

// After a sync or copy whose job wants it. What was moved is gone from the source, and a dry run
// made nothing that could be compared.
bool needs_validation(const AttemptState& state);
std::unique_ptr<Step> make_validation_step(AttemptState& state);

// kind = check: both directions, by hash unless the job says how.
std::unique_ptr<Step> make_check_step(AttemptState& state);

}  // namespace dray::worker
