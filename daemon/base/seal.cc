#include "daemon/base/seal.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "daemon/base/files.h"

namespace dray {
namespace {

constexpr char kVersion = 1;
constexpr std::string_view kPublicPrefix = "dray-seal-public-1:";
constexpr std::string_view kPrivatePrefix = "dray-seal-private-1:";
constexpr size_t kMaxKeyFileBytes = 4096;
constexpr size_t kLengthBytes = 4;
static_assert(kSealKeyBytes == crypto_box_PUBLICKEYBYTES);
static_assert(kSealKeyBytes == crypto_box_SECRETKEYBYTES);

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* as_bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

void need_sodium() {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
}

// Rights and owner are read from the open file, so that nothing can change in between.
Status check_key_file(int fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return fail_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::invalid, "{}: not a regular file", path);
  if (info.st_uid != geteuid() && info.st_uid != 0)
    return fail(ErrorCode::denied, "{}: owned by user {}, must be owned by us or root", path,
                info.st_uid);
  // systemd shows a credential to its service with an ACL, whose mask reads as group rights (0440).
  const bool credential = info.st_uid == 0 && geteuid() != 0;
  const mode_t refused = credential ? 0037 : 0077;
  if ((info.st_mode & refused) != 0)
    return fail(ErrorCode::denied,
                "{}: mode {:04o} lets other users reach the private key; run: chmod 0400 {}", path,
                info.st_mode & 07777, path);
  return {};
}

std::string credential_or_path(const std::string& path) {
  const char* dir = std::getenv("CREDENTIALS_DIRECTORY");
  if (dir == nullptr || *dir == '\0') return path;
  const std::string credential = fmt::format("{}/{}", dir, path.substr(path.find_last_of('/') + 1));
  return path_exists(credential) ? credential : path;
}

Result<SealingKeyPair> parse_private_key(std::string_view text, const std::string& path) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  SealingKeyPair pair;
  std::string raw(kSealKeyBytes + 1, '\0');
  size_t length = 0;
  const bool ok = text.starts_with(kPrivatePrefix) &&
                  sodium_base642bin(as_bytes(raw), raw.size(), text.data() + kPrivatePrefix.size(),
                                    text.size() - kPrivatePrefix.size(), nullptr, &length, nullptr,
                                    sodium_base64_VARIANT_ORIGINAL) == 0 &&
                  length == kSealKeyBytes;
  if (ok) {
    raw.resize(kSealKeyBytes);
    pair.private_key = SecretString::take(raw);
    crypto_scalarmult_base(pair.public_key.bytes.data(), as_bytes(pair.private_key.reveal()));
    return pair;
  }
  wipe(raw);
  return fail(ErrorCode::invalid, "{}: not a private key file; it must hold one line '{}...'", path,
              kPrivatePrefix);
}

std::string encode_length(size_t length) {
  std::string out(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i)
    out[i] = static_cast<char>(length >> (8 * (kLengthBytes - 1 - i)) & 0xff);
  return out;
}

// Where the plaintext starts in an opened box; npos when the context is another one.
size_t plaintext_offset(std::string_view opened, std::string_view context) {
  const std::string length = encode_length(context.size());
  if (!opened.starts_with(length)) return std::string_view::npos;
  opened.remove_prefix(length.size());
  if (!opened.starts_with(context)) return std::string_view::npos;
  return length.size() + context.size();
}

}  // namespace

SecretString::SecretString(std::string_view text) {
  if (text.empty()) return;
  need_sodium();
  data_ = static_cast<char*>(sodium_malloc(text.size()));
  DRAY_CHECK(data_ != nullptr, "out of memory for a secret");
  std::memcpy(data_, text.data(), text.size());
  size_ = text.size();
}

SecretString SecretString::take(std::string& text) {
  SecretString secret{text};
  dray::wipe(text);
  return secret;
}

SecretString::SecretString(SecretString&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretString::~SecretString() {
  wipe();
}

void SecretString::wipe() noexcept {
  sodium_free(data_);  // overwrites first; nullptr is fine
  data_ = nullptr;
  size_ = 0;
}

void wipe(std::string& text) noexcept {
  // Up to the capacity: an earlier, longer value may still be behind the end.
  text.resize(text.capacity());
  sodium_memzero(text.data(), text.size());
  text.clear();
}

SealingKeyPair generate_sealing_keypair() {
  need_sodium();
  SealingKeyPair pair;
  std::string secret(kSealKeyBytes, '\0');
  crypto_box_keypair(pair.public_key.bytes.data(), as_bytes(secret));
  pair.private_key = SecretString::take(secret);
  return pair;
}

std::string format_sealing_key(const SealingKey& key) {
  const std::string_view raw{reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
  return std::string(kPublicPrefix) + base64_encode(raw);
}

Result<SealingKey> parse_sealing_key(std::string_view text) {
  if (text.starts_with(kPublicPrefix)) {
    const auto raw = base64_decode(text.substr(kPublicPrefix.size()));
    if (raw && raw->size() == kSealKeyBytes) {
      SealingKey key;
      std::memcpy(key.bytes.data(), raw->data(), kSealKeyBytes);
      return key;
    }
  }
  return fail(ErrorCode::invalid, "not a worker's public key; it must read '{}...'", kPublicPrefix);
}

std::string fingerprint(const SealingKey& key) {
  need_sodium();
  unsigned char hash[crypto_generichash_BYTES];
  crypto_generichash(hash, sizeof hash, key.bytes.data(), key.bytes.size(), nullptr, 0);
  return fmt::format("{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}", hash[0], hash[1],
                     hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]);
}

Status save_private_key(const std::string& path, const SealingKeyPair& pair) {
  // O_EXCL, not a rename: a key that is replaced makes every sealed value unreadable.
  const UniqueFd fd{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400)};
  if (!fd) return fail_errno(errno, path);
  std::string text = std::string(kPrivatePrefix);
  std::string encoded = base64_encode(pair.private_key.reveal());
  text.reserve(text.size() + encoded.size() + 1);
  (text += encoded) += '\n';
  Status status = write_all(fd.get(), text, path);
  wipe(text);
  wipe(encoded);
  if (status && fsync(fd.get()) != 0) status = fail_errno(errno, path);
  if (status) status = sync_dir(parent_dir(path));
  if (!status) unlink(path.c_str());
  return status;
}

Result<SecretString> read_secret_file(const std::string& path) {
  const std::string from = credential_or_path(path);
  const UniqueFd fd{open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail_errno(errno, from);
  DRAY_TRY(check_key_file(fd.get(), from));
  std::string text(kMaxKeyFileBytes, '\0');
  const ssize_t got = read(fd.get(), text.data(), text.size());
  if (got < 0) return fail_errno(errno, from);
  SecretString secret(std::string_view(text).substr(0, static_cast<size_t>(got)));
  wipe(text);
  return secret;
}

Result<SealingKeyPair> load_private_key(const std::string& path) {
  need_sodium();
  DRAY_TRY_ASSIGN(const SecretString text, read_secret_file(path));
  return parse_private_key(text.reveal(), path);
}

std::string seal(const SealingKey& key, std::string_view context, std::string_view plaintext) {
  need_sodium();
  std::string inner;
  inner.reserve(kLengthBytes + context.size() + plaintext.size());
  ((inner += encode_length(context.size())) += context) += plaintext;
  std::string sealed(1 + crypto_box_SEALBYTES + inner.size(), kVersion);
  const int failed =
      crypto_box_seal(as_bytes(sealed) + 1, as_bytes(inner), inner.size(), key.bytes.data());
  wipe(inner);
  DRAY_CHECK(failed == 0, "a sealed box cannot be made");
  return sealed;
}

Result<SecretString> open_sealed(const SealingKeyPair& pair, std::string_view context,
                                 std::string_view sealed) {
  need_sodium();
  const auto damaged = [&](std::string_view why) {
    return fail(ErrorCode::corrupt, "sealed value of '{}': {}", context, why);
  };
  if (sealed.size() < 1 + crypto_box_SEALBYTES + kLengthBytes) return damaged("too short");
  if (sealed[0] != kVersion) return damaged("made by a newer version of this program");
  sealed.remove_prefix(1);
  std::string inner(sealed.size() - crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal_open(as_bytes(inner), as_bytes(sealed), sealed.size(),
                           pair.public_key.bytes.data(), as_bytes(pair.private_key.reveal())) != 0)
    return damaged("damaged, or sealed for another worker key");
  const size_t start = plaintext_offset(inner, context);
  if (start == std::string_view::npos) {
    wipe(inner);
    return damaged("it was sealed for another place");
  }
  SecretString plaintext{std::string_view{inner}.substr(start)};
  wipe(inner);
  return plaintext;
}

std::string base64_encode(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), as_bytes(bytes), bytes.size(), kVariant);
  text.pop_back();  // the terminating zero
  return text;
}

Result<std::string> base64_decode(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  size_t length = 0;
  if (sodium_base642bin(as_bytes(bytes), bytes.size(), text.data(), text.size(), nullptr, &length,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    return fail(ErrorCode::invalid, "not base64");
  bytes.resize(length);
  return bytes;
}

}  // namespace dray
