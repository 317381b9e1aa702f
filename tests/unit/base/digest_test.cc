#include "daemon/base/digest.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

TEST_CASE("digests agree with their published test vectors, however the bytes are cut") {
  struct Row {
    DigestKind kind;
    std::string_view hex;  // of "abc"
  };
  const Row rows[] = {
      {DigestKind::md5, "900150983cd24fb0d6963f7d28e17f72"},
      {DigestKind::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {DigestKind::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hex);
    Digest digest(row.kind);
    const std::string_view text = "abc";
    digest.update(text.substr(0, 1));
    digest.update(text.substr(1));
    CHECK(digest.finish_hex() == row.hex);
    digest.update(text);  // a new stream
    CHECK(digest.finish_hex() == row.hex);
  }
}

}  // namespace
}  // namespace dray
