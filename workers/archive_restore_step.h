// Gives back what an archive holds: `rclone cat` of the volumes, unpacked (archive_unpacker.h), and
// uploaded as folders of many small files or as one stream for a large one.
//
// The attempt's source is the place that the archive's path is relative to (the job's destination),
// its destination is where the files go; `task.restore.version` names the archive. A drill has no
// source: the archive lies in its destination; all of it is read, which its checksums cover, and
// nothing is written. A dry run only tells its size. What came out is left in `state.archive` for
// archive_compare_step.h.
//
// Thread: that of the loop.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "workers/attempt_state.h"

namespace dray::worker {

// `wanted`: which files, by their path in the archive; empty: all, and all folders. Called on
// another thread.
std::unique_ptr<Step> make_archive_restore_step(
    AttemptState& state, std::function<bool(std::string_view path)> wanted = {});

}  // namespace dray::worker
