// Patterns over paths, as people write them for `dray restore --path`. Pure.
//
//   *    any characters of one name      **   any characters, '/' as well      ?   one character
//   docs/2024      the file or everything below the directory; '/' at its front changes nothing
//   *.jpg, docs    without '/': names at any depth
#pragma once

#include <string_view>

namespace dray::worker {

// An empty pattern matches everything.
bool path_matches(std::string_view pattern, std::string_view path);

}  // namespace dray::worker
