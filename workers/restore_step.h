// The steps of a run of kind restore: the state as it was after a kept run is put together, copied
// to another place and compared with what lies in the destination. A drill copies a sample to a
// place of its own below the destination and removes it again, however it went.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

// Of plain objects; archives have steps of their own.
bool restores_objects(const AttemptState& state);
bool checks_restore(const AttemptState& state);  // and it is no dry run
bool is_drill(const AttemptState& state);

std::unique_ptr<Step> make_restore_plan_step(AttemptState& state);
std::unique_ptr<Step> make_restore_copy_step(AttemptState& state);
std::unique_ptr<Step> make_restore_check_step(AttemptState& state);
std::unique_ptr<Step> make_drill_cleanup_step(AttemptState& state);

}  // namespace dray::worker
