// Do source and destination lead to the same place in a roundabout way? Remotes that stand upon
// others (alias, crypt, chunker ...) are followed, and links on this machine's disk. What cannot be
// known (two accounts that are one, links on a server, union and combine) is not found.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::worker {

// `text` is the rclone.conf of the run; `source` and `destination` as minted in it.
// invalid: they are the same, or one lies inside the other.
Status check_places_apart(std::string_view text, std::string_view source,
                          std::string_view destination);

}  // namespace dray::worker
