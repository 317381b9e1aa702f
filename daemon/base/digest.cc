#include "daemon/base/digest.h"

#include <openssl/evp.h>

#include "daemon/base/result.h"

namespace dray {
namespace {

const EVP_MD* method(DigestKind kind) {
  switch (kind) {
    case DigestKind::md5:
      return EVP_md5();
    case DigestKind::sha1:
      return EVP_sha1();
    case DigestKind::sha256:
      break;
  }
  return EVP_sha256();
}

}  // namespace

struct Digest::Impl {
  explicit Impl(DigestKind kind) : md(method(kind)), context(EVP_MD_CTX_new()) { begin(); }
  ~Impl() { EVP_MD_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void begin() {
    DRAY_CHECK(context != nullptr && EVP_DigestInit_ex(context, md, nullptr) == 1,
               "libcrypto has no such hash");
  }

  const EVP_MD* md;
  EVP_MD_CTX* context;
};

Digest::Digest(DigestKind kind) : impl_(std::make_unique<Impl>(kind)) {}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::span<const char> bytes) {
  EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size());
}

std::string Digest::finish() {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(impl_->context, raw, &size);
  impl_->begin();
  std::string text(size, '\0');
  for (unsigned int i = 0; i < size; ++i)
    text[i] = static_cast<char>(raw[i]);
  return text;
}

std::string Digest::finish_hex() {
  return to_hex(finish());
}

std::string sha256(std::string_view bytes) {
  Digest digest(DigestKind::sha256);
  digest.update(bytes);
  return digest.finish();
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace dray
