// Which files of a job's source and destination count, for the steps beside the transfer: they must
// see what the transfer sees.
#pragma once

#include <string>
#include <vector>

#include "workers/attempt_state.h"

namespace dray::worker {

// The filter rules and those flags of the job that choose files, as arguments.
Result<std::vector<std::string>> selection_flags(AttemptState& state);

// The transfer deletes what its filters leave out: all of the destination counts.
bool deletes_excluded(const TransferOptions& options);

// The remote, or one that it stands upon, keeps a file's own time only where each file must be
// asked for it. The time of storing comes with the listing.
bool has_stored_times(const RunSpec& spec, const std::string& remote);

}  // namespace dray::worker
