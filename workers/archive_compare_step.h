// What came out of an archive, compared with what lies where it was restored to; after a drill,
// which writes nothing, with the archive's manifest. By hash where both sides tell one, else by
// size.
//
// Thread: that of the loop.
#pragma once

#include <memory>

#include "schemas/report.h"
#include "workers/attempt_state.h"
#include "workers/manifest.h"

namespace dray::worker {

// Follows the step of archive_restore_step.h.
std::unique_ptr<Step> make_archive_compare_step(AttemptState& state);

// Adds what `wanted` and `found`, both in order, have in common and not to `report`. `exactly`:
// what is found only is a difference as well. Pure but for reading its sources.
Status compare_entries(EntrySource& wanted, EntrySource& found, bool exactly,
                       ValidationReport& report);

}  // namespace dray::worker
