// When a job runs: what an operator may ask for. Pure data; daemon/scheduler/calendar.h computes
// with it. Wire and database values: append only, never renumber.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"

namespace dray {

enum class ScheduleKind : uint8_t { manual = 0, daily = 1, weekly = 2, cron = 3, every = 4 };

template <>
struct EnumNames<ScheduleKind> {
  static constexpr std::string_view kWhat = "schedule kind";
  static constexpr EnumRow<ScheduleKind> kRows[] = {
      {ScheduleKind::manual, "manual"}, {ScheduleKind::daily, "daily"},
      {ScheduleKind::weekly, "weekly"}, {ScheduleKind::cron, "cron"},
      {ScheduleKind::every, "every"},
  };
};

// Bit i = weekday i, ISO order: Monday is bit 0, Sunday is bit 6.
using WeekdaySet = uint8_t;

struct Schedule {
  ScheduleKind kind = ScheduleKind::manual;
  std::string at;                 // daily, weekly: wall time "HH:MM" or "HH:MM:SS"
  WeekdaySet weekdays = 0;        // weekly
  std::string cron;               // cron: five fields, "@daily" and friends
  int64_t every_seconds = 0;      // every: elapsed seconds, at least 60, counted from the anchor
  std::string time_zone = "UTC";  // IANA name; `every` does not depend on it

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("kind", self.kind);
    visit.optional("at", self.at);
    visit.optional("weekdays", self.weekdays);
    visit.optional("cron", self.cron);
    visit.optional("every_seconds", self.every_seconds);
    visit.optional("time_zone", self.time_zone);
  }
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// What happens to occurrences that fell due while the scheduler was away.
enum class MisfirePolicy : uint8_t { run_once = 0, skip = 1, run_all = 2 };

template <>
struct EnumNames<MisfirePolicy> {
  static constexpr std::string_view kWhat = "misfire policy";
  static constexpr EnumRow<MisfirePolicy> kRows[] = {
      {MisfirePolicy::run_once, "run_once"},
      {MisfirePolicy::skip, "skip"},
      {MisfirePolicy::run_all, "run_all"},
  };
};

// What happens to an occurrence that falls due while a run of the job is still open.
enum class OverlapPolicy : uint8_t { skip = 0, queue_one = 1, cancel_previous = 2, allow = 3 };

template <>
struct EnumNames<OverlapPolicy> {
  static constexpr std::string_view kWhat = "overlap policy";
  static constexpr EnumRow<OverlapPolicy> kRows[] = {
      {OverlapPolicy::skip, "skip"},
      {OverlapPolicy::queue_one, "queue_one"},
      {OverlapPolicy::cancel_previous, "cancel_previous"},
      {OverlapPolicy::allow, "allow"},
  };
};

}  // namespace dray
