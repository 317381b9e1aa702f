// Takes a file in, chunk by chunk, and streams it into `rclone rcat` under its incoming name;
// CRC-32 and the hashes are computed on the way. Memory: kWindow and what the pipe holds, whatever
// the size of the file.
//
// The sender may go away and come back while this step runs: it is told what was passed on and goes
// on from there. It may stay away for RunContext::upload_patience, then the step fails.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

std::unique_ptr<Step> make_receive_step(AttemptState& state);

}  // namespace dray::worker
