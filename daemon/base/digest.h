// Hashes of streams, as fast as the processor can: SHA-256 hashes every byte of every archive and
// upload, where libsodium's portable code (250 MB/s) would be the bottleneck; libcrypto uses the
// processor's own instructions (1.7 GB/s). A Digest belongs to one thread at a time; the functions
// are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/enum_names.h"

namespace dray {

// Named as rclone names them.
enum class DigestKind : uint8_t { md5 = 1, sha1 = 2, sha256 = 3 };

template <>
struct EnumNames<DigestKind> {
  static constexpr std::string_view kWhat = "hash";
  static constexpr EnumRow<DigestKind> kRows[] = {
      {DigestKind::md5, "md5"}, {DigestKind::sha1, "sha1"}, {DigestKind::sha256, "sha256"}};
};

// 32 raw bytes.
std::string sha256(std::string_view bytes);

// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

class Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::span<const char> bytes);
  // Ends the stream and begins a new one.
  std::string finish();      // raw
  std::string finish_hex();  // lower case

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
