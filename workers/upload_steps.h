// The parts of an upload around the receiving (receive_step.h).
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

// Removes what an earlier attempt of the run left under the incoming name.
std::unique_ptr<Step> make_upload_clear_step(AttemptState& state);
// Compares what the destination holds with what arrived: size, a hash where it has one, and with
// validation `download` every byte.
std::unique_ptr<Step> make_upload_verify_step(AttemptState& state);
// Gives the file its name, moves one of that name out of the way, and writes the receipt.
std::unique_ptr<Step> make_upload_store_step(AttemptState& state);
// Removes the incoming directory with whatever is left in it.
std::unique_ptr<Step> make_upload_clean_step(AttemptState& state);

}  // namespace dray::worker
