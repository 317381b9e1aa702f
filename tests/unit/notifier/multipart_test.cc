#include "daemon/notifier/multipart.h"

#include <vector>

#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

struct Seen final : MultipartReader::Handler {
  std::vector<std::string> events;
  std::string bytes;
  Status on_field(std::string name, std::string value) override {
    events.push_back(name + "=" + value);
    return {};
  }
  Status on_file(std::string name, std::string file) override {
    events.push_back(name + ":" + file);
    return {};
  }
  Status on_bytes(std::string_view more) override {
    bytes += more;
    return {};
  }
  Status on_file_end() override {
    events.emplace_back("end");
    return {};
  }
};

const std::string kForm =
    "--b\r\nContent-Disposition: form-data; name=\"client\"\r\n\r\nacme\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.bin\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\nx\r\n--bx\r\n-\r\n--b--\r\n";

TEST_CASE("a form is read the same in pieces of any size") {
  for (size_t size = 1; size <= kForm.size(); ++size) {
    MultipartReader reader("b");
    Seen seen;
    for (size_t at = 0; at < kForm.size(); at += size)
      REQUIRE(reader.feed(std::string_view(kForm).substr(at, size), seen));
    REQUIRE(reader.finish());
    CHECK(seen.events == std::vector<std::string>{"client=acme", "empty=", "file:a\"b.bin", "end"});
    CHECK(seen.bytes == "x\r\n--bx\r\n-");
  }
}

TEST_CASE("a form that breaks off or is none is refused") {
  Seen seen;
  MultipartReader half("b");
  REQUIRE(half.feed(std::string_view(kForm).substr(0, kForm.size() - 6), seen));
  CHECK_FALSE(half.finish());
  MultipartReader other("c");
  CHECK_FALSE(other.feed(kForm, seen));
  MultipartReader large("b");
  CHECK_FALSE(large.feed("--b\r\nX: " + std::string(5000, 'a'), seen));
}

TEST_CASE("the boundary is taken from the type") {
  CHECK(multipart_boundary("multipart/form-data; boundary=abc") == "abc");
  CHECK(multipart_boundary("Multipart/Form-Data; boundary=\"a b\"; x=y") == "a b");
  CHECK_FALSE(multipart_boundary("multipart/form-data"));
  CHECK_FALSE(multipart_boundary("application/json"));
}

}  // namespace
}  // namespace dray::notifier
