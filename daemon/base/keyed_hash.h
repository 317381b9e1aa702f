// A short hash that nobody can predict without its key (SipHash-2-4): for tables whose keys hostile
// peers choose. Pure; not a signature.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dray {

using HashKey = std::array<unsigned char, 16>;

// A key from the kernel's generator.
HashKey random_hash_key();

uint64_t keyed_hash(const HashKey& key, std::string_view text);

}  // namespace dray
