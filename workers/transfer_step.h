// The transfer of kinds sync, copy and move: one rclone.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

std::unique_ptr<Step> make_transfer_step(AttemptState& state);

}  // namespace dray::worker
