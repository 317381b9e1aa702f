// Files of this machine, read directly below a directory that local_roots allows: no link leads out
// of it, because none is followed at all. Reading them through a server would cost a third of the
// speed and gain nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "workers/archive_source.h"

namespace dray::worker {

// `root`: as confine_local_path() gave it: a directory, or one file.
Result<std::unique_ptr<ArchiveSource>> open_local_source(const std::string& root, ItemReader items);

// The bytes of a name behind rclone's spelling of it: control characters arrive as U+2400 and the
// like, and what would be mistaken for such a spelling behind a U+201B.
std::string local_name_bytes(std::string_view path);

}  // namespace dray::worker
