#include "schemas/obscure.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "daemon/base/seal.h"

namespace dray {
namespace {

// AES-256 in counter mode under the key that is printed in rclone's source (fs/config/obscure).
// A public key protects nothing, so a plain table implementation does.
constexpr std::array<uint8_t, 32> kPublicKey = {
    0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
    0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38};
constexpr int kRounds = 14;
constexpr size_t kBlock = 16;
using Block = std::array<uint8_t, kBlock>;

constexpr uint8_t doubled(uint8_t x) {
  return static_cast<uint8_t>((x << 1) ^ (x & 0x80 ? 0x1b : 0));
}

// FIPS 197, 5.1.1: the inverse in GF(2^8) by walking the generator 3, then the affine map.
constexpr std::array<uint8_t, 256> make_sbox() {
  std::array<uint8_t, 256> sbox{};
  uint8_t p = 1;
  uint8_t q = 1;
  do {
    p = static_cast<uint8_t>(p ^ doubled(p));
    q = static_cast<uint8_t>(q ^ (q << 1));
    q = static_cast<uint8_t>(q ^ (q << 2));
    q = static_cast<uint8_t>(q ^ (q << 4));
    if (q & 0x80) q ^= 0x09;
    const auto rotated = [q](int bits) {
      return static_cast<uint8_t>(q << bits | q >> (8 - bits));
    };
    sbox[p] = static_cast<uint8_t>(q ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63);
  } while (p != 1);
  sbox[0] = 0x63;
  return sbox;
}
constexpr std::array<uint8_t, 256> kSbox = make_sbox();
static_assert(kSbox[0x53] == 0xed && kSbox[0x01] == 0x7c);

using Schedule = std::array<uint8_t, kBlock*(kRounds + 1)>;

Schedule expand_key() {
  Schedule w{};
  std::copy(kPublicKey.begin(), kPublicKey.end(), w.begin());
  uint8_t rcon = 1;
  for (size_t i = 32; i < w.size(); i += 4) {
    std::array<uint8_t, 4> t = {w[i - 4], w[i - 3], w[i - 2], w[i - 1]};
    if (i % 32 == 0) {
      t = {static_cast<uint8_t>(kSbox[t[1]] ^ rcon), kSbox[t[2]], kSbox[t[3]], kSbox[t[0]]};
      rcon = doubled(rcon);
    } else if (i % 32 == 16) {
      t = {kSbox[t[0]], kSbox[t[1]], kSbox[t[2]], kSbox[t[3]]};
    }
    for (size_t k = 0; k < 4; ++k)
      w[i + k] = w[i + k - 32] ^ t[k];
  }
  return w;
}

void mix_columns(Block& s) {
  for (size_t c = 0; c < kBlock; c += 4) {
    const uint8_t all = s[c] ^ s[c + 1] ^ s[c + 2] ^ s[c + 3];
    const uint8_t first = s[c];
    for (size_t r = 0; r < 4; ++r) {
      const uint8_t next = r == 3 ? first : s[c + r + 1];
      s[c + r] = static_cast<uint8_t>(s[c + r] ^ all ^ doubled(s[c + r] ^ next));
    }
  }
}

Block encrypt(const Schedule& keys, Block s) {
  const auto add_key = [&](int round) {
    for (size_t i = 0; i < kBlock; ++i)
      s[i] ^= keys[static_cast<size_t>(round) * kBlock + i];
  };
  add_key(0);
  for (int round = 1; round <= kRounds; ++round) {
    Block shifted;
    for (size_t i = 0; i < kBlock; ++i)
      shifted[i] = kSbox[s[(i + 4 * (i % 4)) % kBlock]];
    s = shifted;
    if (round < kRounds) mix_columns(s);
    add_key(round);
  }
  return s;
}

std::string url_base64(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

}  // namespace

std::string obscure(std::string_view plain, std::string_view random16) {
  const Schedule keys = expand_key();
  Block counter{};
  std::copy_n(random16.begin(), std::min(random16.size(), kBlock), counter.begin());
  std::string out(counter.begin(), counter.end());
  for (size_t at = 0; at < plain.size(); at += kBlock) {
    const Block stream = encrypt(keys, counter);
    for (size_t i = at; i < std::min(plain.size(), at + kBlock); ++i)
      out += static_cast<char>(static_cast<uint8_t>(plain[i]) ^ stream[i - at]);
    for (size_t i = kBlock; i-- > 0 && ++counter[i] == 0;) {
    }
  }
  return url_base64(out);
}

}  // namespace dray
