#include "daemon/base/keyed_hash.h"

#include <sodium.h>

#include <algorithm>

#include "daemon/base/random.h"
#include "daemon/base/result.h"

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

std::string keyed_digest(std::string_view key, std::string_view text) {
  DRAY_CHECK(key.size() >= crypto_generichash_KEYBYTES_MIN &&
                 key.size() <= crypto_generichash_KEYBYTES_MAX,
             "a key for a digest has 16 to 64 bytes");
  std::string digest(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return digest;
}

}  // namespace dray
