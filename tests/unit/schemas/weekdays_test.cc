#include "schemas/weekdays.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

TEST_CASE("weekdays are read as people write them") {
  struct Row {
    const char* text;
    WeekdaySet set;
    const char* canonical;
  };
  const Row rows[] = {
      {"mon", 0x01, "mon"},
      {"mon,tue", 0x03, "mon,tue"},
      {"Sunday,MON", 0x41, "mon,sun"},
      {"mon-fri", 0x1f, "mon,tue,wed,thu,fri"},
      {"sat-mon", 0x61, "mon,sat,sun"},
      {"fri-fri,wed", 0x14, "wed,fri"},
      {"daily", 0x7f, "daily"},
      {"tue-mon", 0x7f, "daily"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<WeekdaySet> set = parse_weekdays(row.text);
    REQUIRE(set);
    CHECK(*set == row.set);
    CHECK(weekdays_text(*set) == row.canonical);
  }
  CHECK(weekdays_text(0) == "none");
}

TEST_CASE("what is not a weekday is refused with the allowed names") {
  for (const char* text : {"", "mo", "mon,", ",mon", "mon-", "mon-tue-wed", "1", "mon tue"}) {
    CAPTURE(text);
    const Result<WeekdaySet> set = parse_weekdays(text);
    REQUIRE_FALSE(set);
    CHECK(set.error().code == ErrorCode::invalid);
    CHECK(set.error().message.find("allowed: mon, tue, wed, thu, fri, sat, sun") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace dray
