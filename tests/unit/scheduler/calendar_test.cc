#include "daemon/scheduler/calendar.h"

#include <limits>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/scheduler/schedule_builders.h"

namespace dray {
namespace {

using Times = std::vector<std::string>;

WallTime utc(std::string_view text) {
  const Result<WallTime> time = parse_rfc3339(text);
  REQUIRE(time);
  return *time;
}

CompiledSchedule compiled(const Schedule& schedule, WallTime anchor = {}) {
  const Result<CompiledSchedule> result = CompiledSchedule::compile(schedule, anchor);
  if (!result) FAIL(result.error().message);
  return *result;
}

// Local times of the next `n` occurrences.
Times local_times(const Schedule& schedule, std::string_view from, size_t n) {
  Times times;
  for (const Preview& preview : compiled(schedule).preview(utc(from), n))
    times.push_back(preview.local);
  return times;
}

TEST_CASE("each kind of schedule fires at the next such wall time of its zone") {
  struct Row {
    const char* sentence;
    Schedule schedule;
    const char* from;
    Times expected;
  };
  const Row rows[] = {
      {"daily at a time of the zone",
       daily("02:30", "Asia/Tokyo"),
       "2026-11-20T08:00:00Z",
       {"2026-11-21T02:30:00+09:00", "2026-11-22T02:30:00+09:00"}},
      {"seconds count",
       daily("02:30:15", "UTC"),
       "2026-11-20T02:30:14Z",
       {"2026-11-20T02:30:15+00:00", "2026-11-21T02:30:15+00:00"}},
      {"an occurrence is strictly after the question",
       daily("02:30", "UTC"),
       "2026-11-20T02:30:00Z",
       {"2026-11-21T02:30:00+00:00"}},
      {"a fraction of a second before is before",
       daily("02:30", "UTC"),
       "2026-11-20T02:29:59.999Z",
       {"2026-11-20T02:30:00+00:00"}},
      {"a fraction of a second after is after",
       daily("02:30", "UTC"),
       "2026-11-20T02:30:00.001Z",
       {"2026-11-21T02:30:00+00:00"}},
      {"weekly on several days",
       weekly("23:00", "mon,thu", "Europe/London"),
       "2026-11-20T00:00:00Z",
       {"2026-11-23T23:00:00+00:00", "2026-11-26T23:00:00+00:00", "2026-11-30T23:00:00+00:00"}},
      {"the weekday is the zone's, not UTC's",
       weekly("00:30", "mon", "Pacific/Auckland"),
       "2026-06-01T00:00:00Z",
       {"2026-06-08T00:30:00+12:00"}},
      {"cron with a step",
       cron("*/20 4 * * *", "UTC"),
       "2026-11-20T04:10:00Z",
       {"2026-11-20T04:20:00+00:00", "2026-11-20T04:40:00+00:00", "2026-11-21T04:00:00+00:00"}},
      {"cron day of month or weekday",
       cron("0 0 13 * fri", "UTC"),
       "2026-10-10T00:00:00Z",
       {"2026-10-13T00:00:00+00:00", "2026-10-16T00:00:00+00:00"}},
      {"cron starred day and weekday are both needed",
       cron("0 0 */2 * fri", "UTC"),
       "2026-10-10T00:00:00Z",
       {"2026-10-23T00:00:00+00:00", "2026-11-13T00:00:00+00:00"}},
      {"the 31st skips short months",
       cron("0 0 31 * *", "UTC"),
       "2026-01-31T00:00:00Z",
       {"2026-03-31T00:00:00+00:00", "2026-05-31T00:00:00+00:00"}},
      {"29 February waits for a leap year",
       cron("0 0 29 2 *", "UTC"),
       "2096-02-29T00:00:00Z",
       {"2104-02-29T00:00:00+00:00"}},
      {"the rarest date takes forty years",
       cron("0 0 29 2 */7", "UTC"),
       "2088-02-29T00:00:00Z",
       {"2128-02-29T00:00:00+00:00"}},
      {"new year",
       cron("@yearly", "Asia/Kolkata"),
       "2026-11-20T00:00:00Z",
       {"2027-01-01T00:00:00+05:30"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sentence);
    CHECK(local_times(row.schedule, row.from, row.expected.size()) == row.expected);
  }
}

TEST_CASE("daylight saving: a skipped wall time fires at the end of the gap, a repeated one once") {
  struct Row {
    const char* sentence;
    Schedule schedule;
    const char* from;
    Times expected;
  };
  const Row rows[] = {
      {"a daily job inside the gap fires at its end and is back the next day",
       daily("02:30", "Europe/Berlin"),
       "2026-03-28T00:00:00Z",
       {"2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
      {"a daily job inside the repeated hour fires the first time only",
       daily("02:30", "Europe/Berlin"),
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
      {"asked between the two passes it waits for the next day",
       daily("02:30", "Europe/Berlin"),
       "2026-10-25T01:10:00Z",
       {"2026-10-26T02:30:00+01:00"}},
      {"the end of the gap itself fires once",
       daily("03:00", "Europe/Berlin"),
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T03:00:00+02:00"}},
      {"several wall times in one gap fire once together",
       cron("0,15,45 2 * * *", "Europe/Berlin"),
       "2026-03-29T00:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
      {"a gap at midnight",
       daily("00:00", "America/Havana"),
       "2026-03-07T12:00:00Z",
       {"2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"}},
      {"a fold across midnight does not fire the earlier day again",
       daily("23:30", "America/Nuuk"),
       "2026-10-24T12:00:00Z",
       {"2026-10-24T23:30:00-01:00", "2026-10-25T23:30:00-02:00"}},
      {"half an hour of daylight saving",
       daily("02:10", "Australia/Lord_Howe"),
       "2026-10-02T20:00:00Z",
       {"2026-10-04T02:30:00+11:00", "2026-10-05T02:10:00+11:00"}},
      {"a whole day skipped at the date line",
       daily("09:00", "Pacific/Apia"),
       "2011-12-29T00:00:00Z",
       {"2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"}},
      {"a weekly job on a skipped day fires when the next day begins",
       weekly("09:00", "fri", "Pacific/Apia"),
       "2011-12-24T00:00:00Z",
       {"2011-12-31T00:00:00+14:00", "2012-01-06T09:00:00+14:00"}},
      {"cron with chosen hours keeps to wall times",
       cron("0 */2 * * *", "Europe/Berlin"),
       "2026-03-28T23:30:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
      {"cron with chosen hours runs once in the repeated hour",
       cron("0 1-3 * * *", "Europe/Berlin"),
       "2026-10-24T22:30:00Z",
       {"2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sentence);
    CHECK(local_times(row.schedule, row.from, row.expected.size()) == row.expected);
  }
}

TEST_CASE("daylight saving: a cron job of every hour goes on in real time") {
  SECTION("a quarter-hourly job fires every 900 seconds through gap and fold") {
    const CompiledSchedule quarter = compiled(cron("*/15 * * * *", "Europe/Berlin"));
    for (const char* from : {"2026-03-28T23:00:00Z", "2026-10-24T23:00:00Z"}) {
      CAPTURE(from);
      WallTime t = utc(from);
      for (int i = 0; i < 20; ++i) {
        const std::optional<WallTime> next = quarter.next_after(t);
        REQUIRE(next);
        CHECK(*next - t == minutes{15});
        t = *next;
      }
    }
  }
  SECTION("an hourly job leaves no extra run at the end of the gap and runs in both passes") {
    const Schedule hourly = cron("5 * * * *", "Europe/Berlin");
    CHECK(local_times(hourly, "2026-03-29T00:00:00Z", 3) == Times{"2026-03-29T01:05:00+01:00",
                                                                  "2026-03-29T03:05:00+02:00",
                                                                  "2026-03-29T04:05:00+02:00"});
    CHECK(local_times(hourly, "2026-10-25T00:00:00Z", 3) == Times{"2026-10-25T02:05:00+02:00",
                                                                  "2026-10-25T02:05:00+01:00",
                                                                  "2026-10-25T03:05:00+01:00"});
  }
  SECTION("with a rare day it finds that day behind many changes of the clock") {
    CHECK(local_times(cron("0 * 29 2 *", "Europe/Berlin"), "2096-02-29T23:00:00Z", 2) ==
          Times{"2104-02-29T00:00:00+01:00", "2104-02-29T01:00:00+01:00"});
  }
}

TEST_CASE("daylight saving goes on after the last change the database lists") {
  CHECK(local_times(daily("12:00", "Europe/Berlin"), "2060-07-01T00:00:00Z", 1) ==
        Times{"2060-07-01T12:00:00+02:00"});
  CHECK(local_times(daily("02:30", "America/New_York"), "2060-03-14T00:00:00Z", 1) ==
        Times{"2060-03-14T03:00:00-04:00"});
}

TEST_CASE("every N seconds counts from the anchor in elapsed time") {
  const WallTime anchor = utc("2026-11-20T08:00:10.5Z");
  const CompiledSchedule schedule = compiled(every(3600), anchor);
  struct Row {
    const char* after;
    const char* next;
  };
  const Row rows[] = {
      {"2026-11-20T08:00:10.5Z", "2026-11-20T09:00:10.500Z"},
      {"2026-11-20T08:00:10.4Z", "2026-11-20T08:00:10.500Z"},
      {"2026-11-20T09:59:00Z", "2026-11-20T10:00:10.500Z"},
      {"2026-11-19T00:00:00Z", "2026-11-19T00:00:10.500Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.after);
    CHECK(format_rfc3339(*schedule.next_after(utc(row.after))) == row.next);
  }
  CHECK(compiled(every(86'400)).next_after(utc("2026-11-20T08:00:00Z")) ==
        utc("2026-11-21T00:00:00Z"));
}

TEST_CASE("a manual schedule never fires") {
  CHECK_FALSE(compiled(Schedule{}).next_after(utc("2026-11-20T08:00:00Z")));
  CHECK(compiled(Schedule{}).preview(utc("2026-11-20T08:00:00Z"), 5).empty());
}

TEST_CASE("the ends of time are answered, not computed with") {
  using Limits = std::numeric_limits<int64_t>;
  for (const Schedule& schedule : {daily("02:30", "Europe/Berlin"), every(60),
                                   cron("* * * * *", "Asia/Tokyo"), cron("@yearly", "UTC")}) {
    CAPTURE(to_string(schedule.kind));
    const CompiledSchedule fires = compiled(schedule, from_unix_us(Limits::min()));
    const std::optional<WallTime> first = fires.next_after(from_unix_us(Limits::min()));
    REQUIRE(first);
    CHECK(*first >= WallTime{});
    CHECK_FALSE(fires.next_after(from_unix_us(Limits::max())));
    CHECK(fires.next_after(utc("8999-12-31T00:00:00Z")));
    CHECK_FALSE(fires.next_after(utc("9000-01-01T00:00:00Z")));
  }
}

TEST_CASE("a preview marks what daylight saving did") {
  const std::vector<Preview> gap =
      compiled(daily("02:30", "Europe/Berlin")).preview(utc("2026-03-28T00:00:00Z"), 3);
  CHECK(gap ==
        std::vector<Preview>{
            {utc("2026-03-28T01:30:00Z"), "2026-03-28T02:30:00+01:00", "CET"},
            {utc("2026-03-29T01:00:00Z"), "2026-03-29T03:00:00+02:00", "CEST", true, false, true},
            {utc("2026-03-30T00:30:00Z"), "2026-03-30T02:30:00+02:00", "CEST"}});
  const std::vector<Preview> fold =
      compiled(cron("30 * * * *", "America/New_York")).preview(utc("2026-11-01T05:00:00Z"), 3);
  CHECK(fold ==
        std::vector<Preview>{
            {utc("2026-11-01T05:30:00Z"), "2026-11-01T01:30:00-04:00", "EDT", false, true, true},
            {utc("2026-11-01T06:30:00Z"), "2026-11-01T01:30:00-05:00", "EST", false, true, true},
            {utc("2026-11-01T07:30:00Z"), "2026-11-01T02:30:00-05:00", "EST", false, false, true}});
  const std::vector<Preview> period =
      compiled(every(43'200, "Europe/Berlin")).preview(utc("2026-10-25T00:00:00Z"), 2);
  CHECK(period ==
        std::vector<Preview>{
            {utc("2026-10-25T12:00:00Z"), "2026-10-25T13:00:00+01:00", "CET", false, false, true},
            {utc("2026-10-26T00:00:00Z"), "2026-10-26T01:00:00+01:00", "CET"}});
}

}  // namespace
}  // namespace dray
