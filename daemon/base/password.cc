#include "daemon/base/password.h"

#include <sodium.h>

#include <array>

#include "daemon/base/random.h"

namespace dray {
namespace {

constexpr auto kOperations = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr auto kMemoryBytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;

// Of a password that nobody knows.
const std::string& nobodys_hash() {
  static const std::string hash = hash_password(random_token()).value_or("");
  return hash;
}

bool verify(const std::string& stored, std::string_view password) {
  if (stored.size() >= crypto_pwhash_STRBYTES) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  stored.copy(text.data(), stored.size());
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

}  // namespace

Status check_password(std::string_view password) {
  if (password.size() < kMinPasswordBytes)
    return fail(ErrorCode::invalid, "a password needs at least {} characters", kMinPasswordBytes);
  if (password.size() > kMaxPasswordBytes)
    return fail(ErrorCode::invalid, "a password has at most {} bytes", kMaxPasswordBytes);
  return {};
}

Result<std::string> hash_password(std::string_view password) {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kOperations,
                            kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::exhausted, "no memory is left to hash a password");
  return std::string(text.data());
}

bool password_matches(const std::string& stored, std::string_view password) {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  if (password.size() > kMaxPasswordBytes) return false;
  if (!stored.empty()) return verify(stored, password);
  verify(nobodys_hash(), password);
  return false;
}

bool is_password_hash(std::string_view text) {
  if (!text.starts_with("$argon2id$v=19$") || text.size() >= crypto_pwhash_STRBYTES) return false;
  const std::string whole(text);
  return crypto_pwhash_str_needs_rehash(whole.c_str(), kOperations, kMemoryBytes) == 0;
}

}  // namespace dray
