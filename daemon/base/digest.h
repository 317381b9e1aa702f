// Hashes. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// 32 raw bytes.
std::string sha256(std::string_view bytes);

// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

}  // namespace dray
