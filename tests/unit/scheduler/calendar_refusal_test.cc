#include <limits>
#include <string>

#include "daemon/scheduler/calendar.h"
#include "tests/support/catch.h"
#include "tests/unit/scheduler/schedule_builders.h"

namespace dray {
namespace {

TEST_CASE("a wrong schedule is refused with the field and what is allowed") {
  const auto zone = [](std::string name) { return daily("02:00", std::move(name)); };
  const auto at = [](std::string text) { return daily(std::move(text), "UTC"); };
  Schedule without_weekdays = weekly("02:00", "mon", "UTC");
  without_weekdays.weekdays = 0;
  Schedule unknown_weekday = without_weekdays;
  unknown_weekday.weekdays = 0x81;
  Schedule daily_with_cron = at("02:00");
  daily_with_cron.cron = "@daily";
  const std::string wall_time = " must be a wall time HH:MM or HH:MM:SS, 00:00 to 23:59:59";
  struct Row {
    Schedule schedule;
    std::string message;
  };
  const Row rows[] = {
      {at(""), "schedule.at: is required in a schedule of kind daily"},
      {at("24:00"), "schedule.at: '24:00'" + wall_time},
      {at("2:30"), "schedule.at: '2:30'" + wall_time},
      {at("02:60"), "schedule.at: '02:60'" + wall_time},
      {at("02-30"), "schedule.at: '02-30'" + wall_time},
      {at("-2:30"), "schedule.at: '-2:30'" + wall_time},
      {at("02:30:"), "schedule.at: '02:30:'" + wall_time},
      {at("02:30:60"), "schedule.at: '02:30:60'" + wall_time},
      {at("02:30:5\x1b"), "schedule.at: '02:30:5\\u{1b}'" + wall_time},
      {without_weekdays, "schedule.weekdays: is required in a schedule of kind weekly"},
      {unknown_weekday, "schedule.weekdays: 129 must be 1 to 127, bit 0 is Monday"},
      {cron("", "UTC"), "schedule.cron: is required in a schedule of kind cron"},
      {cron("0 25 * * *", "UTC"), "schedule.cron: hour field '25': must be 0-23"},
      {every(0), "schedule.every_seconds: is required in a schedule of kind every"},
      {every(59), "schedule.every_seconds: 59 must be 60 to 316224000"},
      {every(-60), "schedule.every_seconds: -60 must be 60 to 316224000"},
      {every(std::numeric_limits<int64_t>::max()),
       "schedule.every_seconds: 9223372036854775807 must be 60 to 316224000"},
      {daily_with_cron, "schedule.cron: has no meaning in a schedule of kind daily"},
      {make_schedule(static_cast<ScheduleKind>(99)),
       "schedule.kind: 99 is unknown; allowed: manual, daily, weekly, cron, every"},
      {zone("Europe/Berlinn"),
       "schedule.time_zone: 'Europe/Berlinn' is not an IANA time zone; did you mean "
       "Europe/Berlin?"},
      {zone("europe/berlin"),
       "schedule.time_zone: 'europe/berlin' is not an IANA time zone; did you mean Europe/Berlin?"},
      {zone("Berlin"),
       "schedule.time_zone: 'Berlin' is not an IANA time zone; did you mean Europe/Berlin?"},
      {zone("../../etc/passwd"),
       "schedule.time_zone: '../../etc/passwd' is not an IANA time zone, such as Europe/Berlin or "
       "UTC"},
      {zone(""), "schedule.time_zone: '' is not an IANA time zone, such as Europe/Berlin or UTC"},
      {zone("localtime"),
       "schedule.time_zone: 'localtime' is not an IANA time zone, such as Europe/Berlin or UTC"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    const Result<CompiledSchedule> result = CompiledSchedule::compile(row.schedule);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().message == row.message);
  }
}

}  // namespace
}  // namespace dray
