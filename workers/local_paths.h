// Which directories of this machine transfers may touch. Blocks on the file system; follows
// symbolic links on purpose, to see where a path really leads.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::worker {

// The real path behind `path`: absolute, free of links, "." and "..". The end of it may not exist
// yet.
// invalid: not absolute, or with a ".." component. denied: outside all of `roots`
// (worker.local_roots), or no root is configured.
Result<std::string> confine_local_path(std::string_view path, std::span<const std::string> roots);

}  // namespace dray::worker
