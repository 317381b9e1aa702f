#include "workers/clean_text.h"

#include <string>

#include "tests/support/catch.h"

namespace dray {
namespace {

struct TextCase {
  std::string in;
  std::string out;
};

TEST_CASE("controls, direction marks and invalid bytes cannot reach a terminal") {
  const TextCase cases[] = {
      {"plain", "plain"},
      {"a\n\tb", "a b"},
      {"\x1b[31mred\x07", "[31mred"},
      {std::string("a\0b", 3), "a b"},
      {"evil\xe2\x80\xae"
       "fdp.exe",
       "evilfdp.exe"},
      {"zero\xe2\x80\x8bwidth", "zerowidth"},
      {"\xc2\x9b"
       "31m",
       "31m"},
      {"\xff\xc3", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xed\xa0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"ünïcödé-日本-🎉", "ünïcödé-日本-🎉"},
      {"  both ends \r\n", "both ends"},
  };
  for (const TextCase& row : cases)
    CHECK(strip_controls(row.in) == row.out);
}

TEST_CASE("secrets are taken out of what rclone repeats") {
  const char* const cases[] = {
      R"(Failed to create file system for ":webdav,bearer_token_command=\"cat SECRET\",url=http://h:dir": x)",
      R"(Failed to create file system for "dav,pass=SECRET:dir": x)",
      "Failed to create file system for dav,pass=SECRET,user=u:dir",
      "could not parse line: token SECRET",
      R"(Setting secret_access_key="SECRET" for "es3" from environment variable RCLONE_CONFIG_ES3)",
      R"(Setting odd="SECRET" for "es3" from environment variable X)",
      "Get \"https://user:SECRET@host/path\": refused",
      "Get \"https://h/p?X-Amz-Signature=SECRET&x=1\": refused",
      "Get \"https://h/p?sv=1&sig=SECRET\": refused",
      "Authorization: Bearer SECRET",
      "Authorization: SECRET",
      R"({"access_token":"SECRET","token_type":"Bearer"})",
      R"({\"refresh_token\":\"SECRET\"})",
      "--s3-secret-access-key SECRET --x",
      "--rc-pass=SECRET",
      "password = SECRET",
      "client_secret=SECRET",
  };
  for (const char* text : cases) {
    INFO(text);
    CHECK(clean_line(text).find("SECRET") == std::string::npos);
    CHECK(clean_line(text).find("[redacted]") != std::string::npos);
  }
  CHECK(clean_line("token eyJhbGciOiJIUzI1NiJ9 used") == "token [redacted] used");
  CHECK(clean_line("id Zx9Qw8Er7Ty6Ui5Op4As3Df2Gh1Jk0Lz") == "id [redacted]");
}

TEST_CASE("ordinary errors stay readable") {
  const char* const cases[] = {
      "Failed to copy: open /tmp/x/unreadable: permission denied",
      "couldn't fetch token: invalid_grant: maybe it has expired?",
      "Failed to create file system for \"ssh:/tmp/x\": NewFs: couldn't connect SSH: dial tcp "
      "127.0.0.1:9: "
      "connect: connection refused",
      "operation error S3: PutObject, https response error StatusCode: 403, RequestID: X1, HostID: "
      ", api "
      "error AccessDenied: Access Denied",
      "corrupted on transfer: md5 hash differ \"d41d8cd98f00b204e9800998ecf8427e\" vs \"a\"",
      "a rather long file name that goes beyond forty-five characters for sure.bin",
  };
  for (const char* text : cases)
    CHECK(clean_line(text) == text);
}

TEST_CASE("a long line is cut at a character's edge") {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += "日";
  const std::string cut = clean_line(text);
  CHECK(cut.size() <= kMaxShownText);
  CHECK(cut == strip_controls(cut));
  CHECK(cut.ends_with("日…"));
  CHECK(clean_line(std::string(1 << 20, 'x')).size() <= kMaxShownText);
}

}  // namespace
}  // namespace dray
