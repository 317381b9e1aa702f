#include "daemon/base/text.h"

#include "daemon/base/time.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

TEST_CASE("UTF-8 is accepted only in its shortest, assigned form") {
  const struct {
    std::string_view text;
    bool valid;
  } rows[] = {
      {"", true},
      {"plain", true},
      {"gr\xc3\xbc\xc3\x9f", true},
      {"\xf0\x9f\x9a\x9a", true},
      {"\xf4\x8f\xbf\xbf", true},
      {"\x80", false},              // continuation without a start
      {"\xc3", false},              // cut short
      {"\xc0\xaf", false},          // overlong '/'
      {"\xe0\x80\xaf", false},      // overlong '/'
      {"\xed\xa0\x80", false},      // surrogate
      {"\xf4\x90\x80\x80", false},  // above U+10FFFF
      {"\xff", false},
  };
  for (const auto& row : rows) {
    INFO(escape_for_display(row.text));
    CHECK(is_valid_utf8(row.text) == row.valid);
  }
}

TEST_CASE("what could forge a line or move a cursor is escaped for display") {
  const struct {
    std::string_view text, shown;
  } rows[] = {
      {"a b", "a b"},
      {"gr\xc3\xbcn \xf0\x9f\x9a\x9a", "gr\xc3\xbcn \xf0\x9f\x9a\x9a"},
      {"one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"},
      {"\x1b[2J", "\\u{1b}[2J"},
      {"\x7f", "\\u{7f}"},
      {"\xc2\x9b", "\\u{9b}"},                // C1: CSI in one character
      {"\xe2\x80\xae.exe", "\\u{202e}.exe"},  // right-to-left override
      {"\xe2\x81\xa6", "\\u{2066}"},          // isolate
      {"\xe2\x80\xa8", "\\u{2028}"},          // line separator
      {"\xf3\xa0\x81\x81", "\\u{e0041}"},     // tag character
      {"caf\xe9", "caf\\xe9"},                // not UTF-8
      {std::string_view("\0x", 2), "\\u{0}x"},
      {"C:\\dir", "C:\\dir"},
  };
  for (const auto& row : rows) {
    CHECK(escape_for_display(row.text) == row.shown);
    CHECK(is_plain_text(row.text) == (row.text == row.shown));
  }
}

TEST_CASE("text is shortened at a character boundary") {
  CHECK(shorten("short", 5) == "short");
  CHECK(shorten("longer text", 8) == "longe\u2026");
  CHECK(shorten("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 7) == "\xc3\xbc\xc3\xbc\u2026");
  CHECK(shorten("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 6) == "\xc3\xbc\u2026");
  CHECK(shorten("abcd", 2).empty());
}

TEST_CASE("trim takes blanks from both ends") {
  CHECK(trim("  a b\n") == "a b");
  CHECK(trim(" \t ").empty());
}

TEST_CASE("a JSON string stays one valid string whatever is put in") {
  CHECK(json_quote("a\"b\\c\n") == R"("a\"b\\c\u000a")");
  CHECK(json_quote("\xff") == "\"\xef\xbf\xbd\"");
  CHECK(json_quote("\xe2\x80\xae") == R"("\u202e")");
  CHECK(json_quote("") == R"("")");
  CHECK(json_quote("a b~\x7f!") == R"("a b~\u007f!")");
  CHECK(json_quote(std::string_view("\0x", 2)) == R"("\u0000x")");
  CHECK(json_quote("x\xff\"y") == "\"x\xef\xbf\xbd\\\"y\"");
  CHECK(json_quote("gr\xc3\xbcn") == "\"gr\xc3\xbcn\"");
}

TEST_CASE("sizes are read with their unit and refused without a known one") {
  const struct {
    std::string_view text;
    uint64_t bytes;
  } good[] = {{"0", 0},          {"500", 500},         {"64K", 65536},
              {"64M", 67108864}, {"1GiB", 1073741824}, {"16383P", 16383ull << 50}};
  for (const auto& row : good) {
    INFO(row.text);
    REQUIRE(parse_size(row.text));
    CHECK(*parse_size(row.text) == row.bytes);
  }
  for (const std::string_view text :
       {"", "M", "-1", "1.5G", "64MB", "64 M", "16384P", "+1", "1e3"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
  CHECK(parse_size("5\n").error().message.find('\n') == std::string::npos);
}

TEST_CASE("durations and rates are read with their unit") {
  CHECK(*parse_duration("250ms") == milliseconds{250});
  CHECK(*parse_duration("90s") == seconds{90});
  CHECK(*parse_duration("10m") == minutes{10});
  CHECK(*parse_duration("2h") == hours{2});
  CHECK(*parse_duration("1d") == hours{24});
  for (const std::string_view text : {"", "10", "10 m", "1w", "-1s", "99999999999d", "1h30m"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK(*parse_rate("8M") == 8 << 20);
  CHECK(*parse_rate("off") == 0);
  CHECK_FALSE(parse_rate("0"));
  CHECK_FALSE(parse_rate("8Mbit"));
}

TEST_CASE("what is formatted is read back as the same value") {
  for (const uint64_t bytes : {0ull, 1ull, 1000ull, 1024ull, 1536ull, 67108864ull, 1ull << 50}) {
    CHECK(*parse_size(format_size(bytes)) == bytes);
    CHECK(*parse_rate(format_rate(bytes)) == bytes);
  }
  for (const Duration time :
       {Duration{0}, Duration{milliseconds{1500}}, Duration{seconds{90}}, Duration{hours{48}}})
    CHECK(*parse_duration(format_duration(time)) == time);
  CHECK(format_size(67108864) == "64M");
  CHECK(format_duration(seconds{600}) == "10m");
}

TEST_CASE("people see three digits and two units of time") {
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1300000000) == "1.21 GiB");
  CHECK(human_bytes(130000000) == "124 MiB");
  CHECK(human_rate(10 << 20) == "10.0 MiB/s");
  CHECK(human_duration(milliseconds{340}) == "0.3s");
  CHECK(human_duration(seconds{45}) == "45s");
  CHECK(human_duration(seconds{69}) == "1m 09s");
  CHECK(human_duration(minutes{125}) == "2h 05m");
  CHECK(human_duration(hours{76}) == "3d 4h");
}

TEST_CASE("a near name is suggested and a far one is not") {
  constexpr std::string_view kNames[] = {"slots", "broker", "log_dir", "work_dir"};
  CHECK(closest_match("slot", kNames) == "slots");
  CHECK(closest_match("solts", kNames) == "slots");
  CHECK(closest_match("workdir", kNames) == "work_dir");
  CHECK(closest_match("colour", kNames).empty());
  CHECK(closest_match("", kNames).empty());
  CHECK(closest_match(std::string(10000, 'a'), kNames).empty());
}

TEST_CASE("a time that is taken can be shown, whatever its offset") {
  const auto shown = [](std::string_view text) {
    const auto time = parse_rfc3339(text);
    return time ? format_rfc3339(*time) : std::string("refused");
  };
  CHECK(shown("2026-03-29T02:30:00+02:00") == "2026-03-29T00:30:00Z");
  CHECK(shown("2026-03-29T01:00:00.5Z") == "2026-03-29T01:00:00.500Z");
  CHECK(shown("2026-03-29T01:00:00.0001Z") == "2026-03-29T01:00:00Z");
  CHECK(shown("0000-01-01T00:00:00Z") == "0000-01-01T00:00:00Z");
  CHECK(shown("0000-01-01T00:00:00+01:00") == "refused");
  CHECK(shown("9999-12-31T23:59:59-01:00") == "refused");
}

}  // namespace
}  // namespace dray
