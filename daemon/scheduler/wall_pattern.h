// A set of wall times, as the calendar knows them: bit sets of minutes, hours, days, months and
// weekdays. Daily, weekly and cron schedules all become one of these, so there is one search.
// Knows nothing of time zones. Pure; no allocation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "schemas/schedule.h"

namespace dray {

struct WallPattern {
  uint64_t minutes = 0;     // bit 0..59
  uint32_t hours = 0;       // bit 0..23
  uint32_t days = 0;        // bit 1..31, day of the month
  uint16_t months = 0;      // bit 1..12
  WeekdaySet weekdays = 0;  // bit 0 = Monday
  // Cron's oldest surprise: where both day fields are restricted, a day that satisfies one is
  // enough.
  bool either_day = false;
  uint8_t second = 0;  // 0..59

  bool every_hour() const { return hours == kAllHours; }
  bool matches_day(std::chrono::local_days day) const;
  bool matches(std::chrono::local_seconds time) const;

  // The first matching wall time at or after `from`; nullopt when there is none in kSearchYears.
  std::optional<std::chrono::local_seconds> first_from(std::chrono::local_seconds from) const;

  static constexpr uint64_t kAllMinutes = (uint64_t{1} << 60) - 1;
  static constexpr uint32_t kAllHours = (uint32_t{1} << 24) - 1;
  static constexpr uint32_t kAllDays = 0xffff'fffe;
  static constexpr uint16_t kAllMonths = 0x1ffe;
  // The rarest date a pattern can ask for is 29 February on one weekday: every 28 years, and 40
  // across a year like 2100 that is no leap year.
  static constexpr int kSearchYears = 41;

 private:
  // First matching minute of the day at or after `from` (0..1439).
  std::optional<int> minute_from(int from) const;
};

}  // namespace dray
