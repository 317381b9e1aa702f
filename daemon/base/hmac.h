// Signing of messages with a shared key. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// 32 raw bytes. A key of any length, as receivers in other languages take it.
std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace dray
