// Text that somebody else wrote, made safe to repeat in a message: 'text', cut after `max` bytes,
// with every byte outside printable ASCII shown as '?', so that it can neither move a terminal's
// cursor nor forge a log line. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dray {

// 40 bytes keep a sentence readable and are longer than any valid word it is used for.
std::string quoted(std::string_view text, size_t max = 40);

}  // namespace dray
