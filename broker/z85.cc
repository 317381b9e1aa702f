#include "broker/z85.h"

#include <cstdint>

#include "daemon/base/result.h"

namespace dray {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
constexpr uint32_t kBase = 85;
static_assert(kAlphabet.size() == kBase);
constexpr size_t kGroupBytes = 4;
constexpr size_t kGroupText = 5;

}  // namespace

std::string z85_encode(std::string_view bytes) {
  DRAY_CHECK(bytes.size() % kGroupBytes == 0, "Z85 needs whole groups of four bytes");
  std::string text;
  text.reserve(bytes.size() / kGroupBytes * kGroupText);
  for (size_t i = 0; i < bytes.size(); i += kGroupBytes) {
    uint32_t value = 0;
    for (size_t j = 0; j < kGroupBytes; ++j)
      value = value << 8 | static_cast<uint8_t>(bytes[i + j]);
    for (uint32_t divisor = kBase * kBase * kBase * kBase; divisor != 0; divisor /= kBase)
      text += kAlphabet[value / divisor % kBase];
  }
  return text;
}

std::optional<std::string> z85_decode(std::string_view text) {
  if (text.size() % kGroupText != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / kGroupText * kGroupBytes);
  for (size_t i = 0; i < text.size(); i += kGroupText) {
    uint64_t value = 0;
    for (size_t j = 0; j < kGroupText; ++j) {
      const size_t digit = kAlphabet.find(text[i + j]);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * kBase + digit;
    }
    if (value > UINT32_MAX) return std::nullopt;
    for (size_t j = 0; j < kGroupBytes; ++j)
      bytes += static_cast<char>(value >> (8 * (kGroupBytes - 1 - j)) & 0xff);
  }
  return bytes;
}

}  // namespace dray
