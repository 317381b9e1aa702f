// Hashes that nobody can predict without their key. A short one (SipHash-2-4) for tables whose keys
// hostile peers choose, which is no signature, and a long one that is. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dray {

using HashKey = std::array<unsigned char, 16>;

// A key from the kernel's generator.
HashKey random_hash_key();

uint64_t keyed_hash(const HashKey& key, std::string_view text);

// 32 raw bytes (BLAKE2b); `key` of 16 to 64 bytes.
std::string keyed_digest(std::string_view key, std::string_view text);

}  // namespace dray
