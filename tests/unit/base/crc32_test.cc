#include "daemon/base/crc32.h"

#include <string>
#include <string_view>

#include "tests/support/catch.h"

namespace dray {
namespace {

uint32_t crc_of(std::string_view text) {
  Crc32 crc;
  crc.update(text);
  return crc.value();
}

TEST_CASE("CRC-32 is that of zip and gzip") {
  CHECK(crc_of("") == 0);
  CHECK(crc_of("a") == 0xe8b7be43);
  CHECK(crc_of("123456789") == 0xcbf43926);
  CHECK(crc_of("The quick brown fox jumps over the lazy dog") == 0x414fa339);
}

TEST_CASE("CRC-32 is the same however a stream is cut") {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += static_cast<char>(i * 7);
  const uint32_t whole = crc_of(text);
  for (const size_t piece : {1u, 3u, 8u, 13u, 999u}) {
    Crc32 crc;
    for (size_t at = 0; at < text.size(); at += piece)
      crc.update(std::string_view(text).substr(at, piece));
    CHECK(crc.value() == whole);
  }
}

}  // namespace
}  // namespace dray
