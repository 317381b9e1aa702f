#include "ops/table.h"

#include "ops/text_width.h"
#include "tests/support/catch.h"

using namespace dray::ops;

TEST_CASE("a wide character takes two cells and a combining mark none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("ü") == 1);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("🚚") == 2);
  CHECK(display_width("") == 0);
  CHECK(display_width("…") == 1);
}

TEST_CASE("text is cut at a character and never wider than asked for") {
  CHECK(fit("short", 10) == "short");
  CHECK(fit("photographs", 6) == "photo…");
  CHECK(fit("日本語", 4) == "日…");
  CHECK(fit("abc", 0).empty());
  CHECK(fit_middle("photos/2026/IMG_0001.jpg", 13) == "photos…01.jpg");
  for (int cells = 0; cells < 20; ++cells) {
    CHECK(display_width(fit("日本語 photographs 🚚🚚", cells)) <= cells);
    CHECK(display_width(fit_middle("日本語 photographs 🚚🚚", cells)) <= cells);
  }
}

TEST_CASE("damaged UTF-8 does not confuse the width") {
  CHECK(display_width(std::string("\xf0\x9f", 2)) >= 0);
  CHECK(display_width("\xff\xfe") >= 0);
  CHECK(fit("\xe6\x97", 5).size() <= 5);
}

TEST_CASE("a table gives way in its most willing column until it fits") {
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "JOB", .shrink = 1},
               {.title = "REMARK", .shrink = 5}});
  table.row({"1", "photos", "a remark that is much longer than the terminal is wide"});
  table.row({"234", "documents of everybody", ""});
  CHECK(table.text(40, false) ==
        "RUN  JOB                     REMARK\n"
        "  1  photos                  a remark t…\n"
        "234  documents of everybody\n");
  const std::string wide = table.text(0, false);
  CHECK(wide.find("terminal is wide") != std::string::npos);
}

TEST_CASE("no line of a table is wider than the terminal where it can be helped") {
  Table table({{.title = "A"}, {.title = "B"}, {.title = "C", .keep_ends = true}});
  table.row({"日本語日本語日本語日本語", "🚚🚚🚚🚚🚚🚚🚚🚚", "photos/2026/very/long/path/IMG_0001.jpg"});
  for (int width = 20; width < 90; ++width) {
    const std::string text = table.text(width, false);
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      CHECK(display_width(text.substr(at, end - at)) <= width);
      at = end + 1;
    }
  }
}

TEST_CASE("hostile names cannot move the cursor, start a line or reorder it") {
  Table table({{.title = "NAME"}});
  table.row(
      {Cell(std::string("\x1b]0;owned\x07\x1b[2J\r\nfake row\u202etxt.exe\x9b"
                        "31m"))});
  const std::string text = table.text(80, false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find("\u202e") == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("colours appear only where they are wanted") {
  Table table({{.title = "STATE"}});
  table.row({Cell("failed", Tint::bad)});
  CHECK(table.text(80, false).find('\x1b') == std::string::npos);
  CHECK(table.text(80, true).find("\x1b[31mfailed\x1b[0m") != std::string::npos);
}
