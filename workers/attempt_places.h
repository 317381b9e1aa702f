// What an attempt touches, as rclone will know it: the configuration with minted names, and where
// the job's states lie.
#pragma once

#include <memory>

#include "workers/attempt_state.h"
#include "workers/login_keeper.h"

namespace dray::worker {

// Makes the attempt's directory and fills in config, places and restore_to from spec, policy and
// task. What it returns looks after the logins of the configuration; null: there are none. Errors
// as of make_run_config().
Result<std::unique_ptr<LoginKeeper::Use>> find_places(AttemptState& state);

}  // namespace dray::worker
