#include "daemon/base/keyed_hash.h"

#include <sodium.h>

#include <algorithm>

#include "daemon/base/random.h"

namespace dray {

static_assert(crypto_shorthash_KEYBYTES == sizeof(HashKey));

HashKey random_hash_key() {
  HashKey key{};
  std::ranges::copy(random_bytes(key.size()), key.begin());
  return key;
}

uint64_t keyed_hash(const HashKey& key, std::string_view text) {
  std::array<unsigned char, crypto_shorthash_BYTES> bytes{};
  crypto_shorthash(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                   key.data());
  uint64_t value = 0;
  for (const unsigned char byte : bytes)
    value = value << 8 | byte;
  return value;
}

}  // namespace dray
