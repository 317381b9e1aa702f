// Secrets at rest and in transit. Whoever takes a secret in seals it to a worker's public key;
// only a holder of the private key can open it (libsodium sealed box: X25519, XSalsa20-Poly1305).
//
// Sealed form:  0x01 ‖ crypto_box_seal( u32 length of context, big-endian ‖ context ‖ plaintext ).
// The context ("client/remote/type/version") is inside the box and compared on opening, so a sealed
// value cannot be moved to another place in the database.
//
// All functions are thread-safe. Nothing here ever puts secret bytes into an error.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

// Text or bytes that are wiped from memory when they go. Move-only, so that no copy stays behind;
// not formattable, so that it cannot be logged by accident.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view text);  // the caller wipes its own copy, see take()
  // Copies into wiped storage and wipes `text`.
  static SecretString take(std::string& text);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  ~SecretString();

  std::string_view reveal() const { return {data_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void wipe() noexcept;
  char* data_ = nullptr;  // sodium_malloc: guarded, locked where allowed, not in core dumps
  size_t size_ = 0;
};

// Overwrites the characters and empties the string.
void wipe(std::string& text) noexcept;

inline constexpr size_t kSealKeyBytes = 32;

struct SealingKey {
  std::array<uint8_t, kSealKeyBytes> bytes{};
  bool operator==(const SealingKey&) const = default;
};

struct SealingKeyPair {
  SealingKey public_key;
  SecretString private_key;  // kSealKeyBytes raw bytes
};

SealingKeyPair generate_sealing_keypair();

// "dray-seal-public-1:BASE64" and back: what the CLI shows and the database stores.
std::string format_sealing_key(const SealingKey& key);
Result<SealingKey> parse_sealing_key(std::string_view text);

// For people to compare, "a1b2-c3d4-e5f6-0718": the first 8 bytes of the key's BLAKE2b hash.
std::string fingerprint(const SealingKey& key);

// Creates `path` (0400); refuses to replace an existing file (conflict).
Status save_private_key(const std::string& path, const SealingKeyPair& pair);

// A file of at most 4 KiB that holds a secret, as it is. It must be a regular file owned by us or
// root that nobody else can read or write (denied otherwise). When $CREDENTIALS_DIRECTORY is set and
// holds a file with the last component of `path`, that one is read (systemd LoadCredential=).
Result<SecretString> read_secret_file(const std::string& path);

// Reads "dray-seal-private-1:BASE64", from a file as read_secret_file wants it.
Result<SealingKeyPair> load_private_key(const std::string& path);

// `what` of an error names the context, never the content.
std::string seal(const SealingKey& key, std::string_view context, std::string_view plaintext);
Result<SecretString> open_sealed(const SealingKeyPair& pair, std::string_view context,
                                 std::string_view sealed);

// Standard base64 with padding.
std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);

}  // namespace dray
