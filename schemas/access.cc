#include "schemas/access.h"

#include <algorithm>
#include <span>

#include "daemon/base/crc32.h"
#include "daemon/base/digest.h"
#include "daemon/base/keyed_hash.h"
#include "daemon/base/random.h"

namespace dray {
namespace {

constexpr std::string_view kPrefix = "dray_";
constexpr size_t kIdBytes = 6;       // 12 hexadecimal digits
constexpr size_t kSecretBytes = 32;  // 64
constexpr size_t kIdDigits = 2 * kIdBytes;
constexpr size_t kSecretDigits = 2 * kSecretBytes;
constexpr size_t kCheckDigits = 8;
constexpr size_t kTokenBytes = kPrefix.size() + kIdDigits + 1 + kSecretDigits + kCheckDigits;

std::string check_of(std::string_view text) {
  Crc32 crc;
  crc.update(std::span(text.data(), text.size()));
  return fmt::format("{:08x}", crc.value());
}

}  // namespace

MadeToken make_token() {
  MadeToken made;
  made.id = random_hex(kIdBytes);
  made.text = fmt::format("{}{}_{}", kPrefix, made.id, random_hex(kSecretBytes));
  made.text += check_of(made.text);
  return made;
}

std::optional<std::string> token_id(std::string_view token) {
  if (token.size() != kTokenBytes || !token.starts_with(kPrefix)) return std::nullopt;
  const std::string_view body = token.substr(0, kTokenBytes - kCheckDigits);
  if (check_of(body) != token.substr(body.size())) return std::nullopt;
  return std::string(token.substr(kPrefix.size(), kIdDigits));
}

std::string token_proof(std::string_view secret) {
  return sha256(secret);
}

std::string keyed_proof(std::string_view key, std::string_view proof) {
  return keyed_digest(key, proof);
}

}  // namespace dray
