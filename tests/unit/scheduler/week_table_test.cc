#include "daemon/scheduler/week_table.h"

#include "schemas/week_times.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

WallTime at(const char* text) {
  const auto time = parse_rfc3339(text);
  REQUIRE(time);
  return *time;
}

WeekTable table(std::string zone, std::vector<BandwidthRow> rows) {
  auto compiled = WeekTable::compile(BandwidthTable{std::move(zone), std::move(rows)});
  INFO((compiled ? std::string() : compiled.error().message));
  REQUIRE(compiled);
  return *compiled;
}

WeekTable windows(std::string_view zone, const std::vector<RunWindow>& list) {
  auto compiled = WeekTable::compile(list, zone);
  REQUIRE(compiled);
  return *compiled;
}

constexpr WeekdaySet kWorkdays = 0x1f;

}  // namespace

TEST_CASE("a bandwidth table holds by day and time, and from one week into the next") {
  // Friday, 20 November 2026.
  const WeekTable t = table("UTC", {{kWorkdays, "08:00", 500}, {kWorkdays, "18:00", 0}});
  CHECK(t.at(at("2026-11-20T07:59:59Z")) == 0);
  CHECK(t.at(at("2026-11-20T08:00:00Z")) == 500);
  CHECK(t.at(at("2026-11-20T17:59:59Z")) == 500);
  CHECK(t.at(at("2026-11-20T18:00:00Z")) == 0);
  CHECK(t.at(at("2026-11-22T12:00:00Z")) == 0);
  CHECK(t.next_change(at("2026-11-20T08:00:00Z")) == at("2026-11-20T18:00:00Z"));
  CHECK(t.next_change(at("2026-11-20T18:00:00Z")) == at("2026-11-23T08:00:00Z"));
  CHECK(t.next_change(at("2026-11-23T07:59:59.5Z")) == at("2026-11-23T08:00:00Z"));
  CHECK_FALSE(table("UTC", {{0x7f, "08:00", 7}}).next_change(at("2026-11-20T18:00:00Z")));
  CHECK(table("UTC", {{0x7f, "08:00", 7}}).at(at("2026-11-20T01:00:00Z")) == 7);
}

TEST_CASE("a table goes with daylight saving") {
  // In Berlin 02:00 to 03:00 does not exist on 29 March 2026 and comes twice on 25 October.
  const WeekTable gap = table("Europe/Berlin", {{0x7f, "02:30", 5}, {0x7f, "06:00", 0}});
  CHECK(gap.at(at("2026-03-29T00:59:59Z")) == 0);
  CHECK(gap.at(at("2026-03-29T01:00:00Z")) == 5);
  CHECK(gap.next_change(at("2026-03-29T00:00:00Z")) == at("2026-03-29T01:00:00Z"));
  CHECK(gap.next_change(at("2026-03-29T01:00:00Z")) == at("2026-03-29T04:00:00Z"));
  const WeekTable twice = table("Europe/Berlin", {{0x7f, "02:00", 0}, {0x7f, "02:30", 5}});
  CHECK(twice.at(at("2026-10-25T00:30:00Z")) == 5);
  CHECK(twice.at(at("2026-10-25T01:10:00Z")) == 5);  // the clock shows 02:10 again
  CHECK(twice.next_change(at("2026-10-25T00:30:00Z")) == at("2026-10-26T01:00:00Z"));
}

TEST_CASE("rows that fall into one gap take effect together") {
  const WeekTable t = table("Europe/Berlin", {{0x7f, "02:10", 5}, {0x7f, "02:50", 0}});
  CHECK(t.next_change(at("2026-03-28T12:00:00Z")) == at("2026-03-30T00:10:00Z"));
}

TEST_CASE("a run window may cross midnight and the end of the week, and windows may overlap") {
  const WeekTable night = windows("UTC", {{0x7f, "22:00", "06:00"}});
  CHECK(night.at(at("2026-11-20T23:00:00Z")) == 1);
  CHECK(night.at(at("2026-11-20T05:59:59Z")) == 1);
  CHECK(night.at(at("2026-11-20T06:00:00Z")) == 0);
  CHECK(night.next_change(at("2026-11-20T23:00:00Z")) == at("2026-11-21T06:00:00Z"));
  CHECK(night.next_change(at("2026-11-20T12:00:00Z")) == at("2026-11-20T22:00:00Z"));
  const WeekTable sunday = windows("UTC", {{0x40, "20:00", "04:00"}});
  CHECK(sunday.at(at("2026-11-23T03:00:00Z")) == 1);
  CHECK(sunday.at(at("2026-11-23T04:00:00Z")) == 0);
  CHECK(sunday.at(at("2026-11-22T19:59:59Z")) == 0);
  const WeekTable whole = windows("UTC", {{0x40, "12:00", "24:00"}});
  CHECK(whole.at(at("2026-11-22T23:59:59Z")) == 1);
  CHECK(whole.at(at("2026-11-23T00:00:00Z")) == 0);
  const WeekTable both = windows("UTC", {{0x7f, "08:00", "12:00"}, {0x7f, "10:00", "14:00"}});
  CHECK(both.at(at("2026-11-20T12:30:00Z")) == 1);
  CHECK(both.next_change(at("2026-11-20T09:00:00Z")) == at("2026-11-20T14:00:00Z"));
  const WeekTable always = windows("UTC", {{0x7f, "00:00", "24:00"}});
  CHECK(always.at(at("2026-11-20T12:30:00Z")) == 1);
  CHECK_FALSE(always.next_change(at("2026-11-20T12:30:00Z")));
}

TEST_CASE("a wrong table or window is refused with its place") {
  const auto problem = [](const BandwidthTable& t) {
    const auto compiled = WeekTable::compile(t);
    return compiled ? std::string() : compiled.error().message;
  };
  CHECK(problem({"UTC", {}}) == "bandwidth_table: has no rows");
  CHECK(problem({"UTC", {{0x7f, "8:00", 1}}}) ==
        "bandwidth_table.rows[0].at: '8:00' must be a wall time HH:MM, 00:00 to 23:59");
  CHECK(problem({"UTC", {{0, "08:00", 1}}}) ==
        "bandwidth_table.rows[0].weekdays: names no day of the week");
  CHECK(problem({"UTC", {{0x7f, "08:00", 1}, {1, "08:00", 2}}}) ==
        "bandwidth_table: two rows begin at the same time and disagree");
  CHECK(
      problem({"Mars/Base", {{0x7f, "08:00", 1}}}).starts_with("bandwidth_table: 'Mars/Base' is"));
  CHECK(check_run_windows("limits.windows", std::vector<RunWindow>{{0x7f, "24:00", "25:00"}})
            .error()
            .message ==
        "limits.windows[0].from: '24:00' must be a wall time HH:MM, 00:00 to 23:59");
  CHECK(parse_day_time("24:00") == 86'400);
  CHECK_FALSE(parse_day_time("24:01"));
  CHECK_FALSE(parse_day_time("10-00"));
}

}  // namespace dray
