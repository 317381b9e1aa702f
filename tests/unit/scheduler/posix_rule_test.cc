#include "daemon/scheduler/posix_rule.h"

#include "daemon/base/time.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

TEST_CASE("a time zone rule tells when daylight saving begins and ends") {
  struct Row {
    const char* rule;
    int year;
    const char* first;
    const char* second;
  };
  const Row rows[] = {
      {"CET-1CEST,M3.5.0,M10.5.0/3", 2050, "2050-03-27T01:00:00Z", "2050-10-30T01:00:00Z"},
      {"EST5EDT,M3.2.0,M11.1.0", 2050, "2050-03-13T07:00:00Z", "2050-11-06T06:00:00Z"},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", 2050, "2050-03-27T01:00:00Z", "2050-10-30T01:00:00Z"},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2050, "2050-04-02T15:00:00Z",
       "2050-10-01T15:30:00Z"},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2050, "2050-03-27T01:00:00Z", "2050-10-30T01:00:00Z"},
      {"EET-2EEST,M3.4.4/50,M10.4.4/50", 2050, "2050-03-26T00:00:00Z", "2050-10-28T23:00:00Z"},
      {"<+0330>-3:30<+0430>,J79/24,J263/24", 2048, "2048-03-20T20:30:00Z", "2048-09-20T19:30:00Z"},
      {"AAA0BBB,0/0,59/0", 2049, "2049-01-01T00:00:00Z", "2049-02-28T23:00:00Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const Result<PosixRule> rule = parse_posix_rule(row.rule);
    REQUIRE(rule);
    const sys_seconds before{sys_days{year{row.year} / 1 / 1} - std::chrono::seconds{1}};
    const std::vector<OffsetChange> changes = changes_after(*rule, before, year{row.year});
    REQUIRE(changes.size() == 2);
    CHECK(format_rfc3339(changes[0].at) == row.first);
    CHECK(format_rfc3339(changes[1].at) == row.second);
  }
}

TEST_CASE("a rule without daylight saving, or with nothing else, has no changes") {
  for (const char* text : {"UTC0", "<+0545>-5:45", "EST5EDT4,0/0,J365/25"}) {
    CAPTURE(text);
    const Result<PosixRule> rule = parse_posix_rule(text);
    REQUIRE(rule);
    CHECK(changes_after(*rule, sys_seconds{}, year{2050}).empty());
  }
  CHECK(parse_posix_rule("<+0545>-5:45")->standard_offset_s == 20'700);
}

TEST_CASE("a damaged rule is refused") {
  for (const char* text :
       {"", "CET", "-1", "<+03-3", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,J0,J300", "CET-25", "CET99999999999999999"}) {
    CAPTURE(text);
    const Result<PosixRule> rule = parse_posix_rule(text);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().code == ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace dray
