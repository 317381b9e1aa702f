#include "daemon/scheduler/posix_rule.h"

#include <utility>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/scheduler/zone_db.h"
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

TEST_CASE("a rule alone gives the same changes that a full database lists") {
  struct Row {
    const char* zone;
    const char* rule;
    const char* since;
  };
  const Row rows[] = {
      {"America/New_York", "EST5EDT,M3.2.0,M11.1.0", "2007-11-05T00:00:00Z"},
      {"Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "1996-10-28T00:00:00Z"},
      {"Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2008-10-06T00:00:00Z"},
      {"Asia/Tokyo", "JST-9", "1990-01-01T00:00:00Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.zone);
    const auto since = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339(row.since));
    const PosixRule rule = *parse_posix_rule(row.rule);
    std::vector<std::pair<sys_seconds, int32_t>> from_rule;
    for (const OffsetChange& change : changes_after(rule, since, year{2035}))
      from_rule.emplace_back(change.at,
                             change.to_daylight ? rule.daylight_offset_s : rule.standard_offset_s);
    std::vector<std::pair<sys_seconds, int32_t>> listed;
    for (const Zone::Segment& segment : (*find_zone(row.zone))->segments())
      if (segment.begin > since && segment.begin < sys_days{year{2036} / 1 / 1})
        listed.emplace_back(segment.begin, segment.offset_s);
    CHECK(from_rule == listed);
  }
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
