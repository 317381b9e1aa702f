// Text that somebody else wrote, repeated in a message: 'text', one line, cut when it is long.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dray {

// 40 bytes keep a sentence readable and are longer than any valid word this is used for.
std::string quoted(std::string_view text, size_t max_bytes = 40);

}  // namespace dray
