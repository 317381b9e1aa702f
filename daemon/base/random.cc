#include "daemon/base/random.h"

#include <sodium.h>

#include "daemon/base/result.h"

namespace dray {

std::string random_bytes(size_t count) {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string random_hex(size_t count) {
  const std::string bytes = random_bytes(count);
  std::string text;
  for (const char c : bytes)
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string random_token(size_t count) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  const std::string bytes = random_bytes(count);
  std::string text(sodium_base64_encoded_len(count, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kVariant);
  text.pop_back();  // the terminating zero
  return text;
}

uint64_t random_u64() {
  uint64_t value = 0;
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  randombytes_buf(&value, sizeof value);
  return value;
}

}  // namespace dray
