#include "daemon/base/crc32.h"

#include <array>

namespace dray {
namespace {

constexpr uint32_t kPolynomial = 0xedb88320;
using Tables = std::array<std::array<uint32_t, 256>, 8>;

// Table k: the effect of a byte that is followed by k more.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xff];
  return tables;
}
constexpr Tables kTables = make_tables();

uint32_t little_endian(const char* bytes) {
  const auto at = [&](int i) { return uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i); };
  return at(0) | at(1) | at(2) | at(3);
}

}  // namespace

void Crc32::update(std::span<const char> bytes) {
  uint32_t crc = state_;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const uint32_t low = little_endian(at) ^ crc;
    const uint32_t high = little_endian(at + 4);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xff] ^ kTables[2][high >> 8 & 0xff] ^
          kTables[1][high >> 16 & 0xff] ^ kTables[0][high >> 24];
  }
  for (; left > 0; --left, ++at)
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff];
  state_ = crc;
}

}  // namespace dray
