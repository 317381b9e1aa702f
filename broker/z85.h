// Keys as text: Z85 (ZeroMQ RFC 32), five characters for four bytes, safe in files and on command
// lines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dray {

inline constexpr size_t kKeyBytes = 32;
inline constexpr size_t kKeyText = 40;

std::string z85_encode(std::string_view bytes);                // a multiple of 4 bytes
std::optional<std::string> z85_decode(std::string_view text);  // nullopt: not Z85

}  // namespace dray
