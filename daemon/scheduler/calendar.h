// When a schedule fires.
//
// A schedule is compiled once, which checks all of it, and is then a small value that answers "what
// is the next occurrence after this instant" in about a microsecond, without allocating.
//
// Rules
//   manual        never.
//   every         anchor + k * period in elapsed time. Time zones play no part.
//   daily, weekly, cron with chosen hours ("30 2 * * *", "0 */6 * * *")
//                 Each wall time fires exactly once, at the first instant at which the zone's clock
//                 shows it or a later time. So one that daylight saving skips fires at the end of
//                 the gap, one that it repeats fires the first time, and several that fall into the
//                 same gap fire once together.
//   cron that admits every hour of the day ("*/15 * * * *", "5 * * * *")
//                 Means an interval: fires at every real instant at which the clock shows a
//                 matching time, so in both passes of a repeated hour and not at the end of a gap.
//                 A quarter-hourly job goes on every real quarter of an hour.
//
// Pure, but for compile(), which looks the zone up (daemon/scheduler/zone_db.h). Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/wall_pattern.h"
#include "daemon/scheduler/zone.h"
#include "schemas/schedule.h"

namespace dray {

// One occurrence, for people.
struct Preview {
  WallTime at{};
  std::string local;            // "2026-03-29T03:00:00+02:00"
  std::string abbreviation;     // "CEST"
  bool shifted_by_gap = false;  // the wall time asked for does not exist on that day
  bool repeated_hour = false;   // the clock shows this local time twice
  bool dst_day = false;         // that local day is longer or shorter than 24 hours

  friend bool operator==(const Preview&, const Preview&) = default;
};

class CompiledSchedule {
 public:
  // From one minute, below which starting a transfer costs more than it moves, to ten years.
  static constexpr seconds kMinEvery{60};
  static constexpr seconds kMaxEvery{int64_t{3660} * 86'400};

  // `anchor` counts for `every` only: it is one of its occurrences.
  // Errors: invalid, naming the field and what is allowed ("schedule.at: '25:00' must be ...");
  // unavailable when the machine has no time zone database.
  static Result<CompiledSchedule> compile(const Schedule& schedule, WallTime anchor = {});

  // The first occurrence strictly after `t`. nullopt: there is none (manual), or none within 41
  // years or before the year 9000. Occurrences before 1970 are not known.
  std::optional<WallTime> next_after(WallTime t) const;

  // The first `n` occurrences strictly after `from`, fewer when the schedule ends.
  std::vector<Preview> preview(WallTime from, size_t n) const;

  const Zone& zone() const { return *zone_; }

 private:
  CompiledSchedule() = default;

  Status compile_times(const Schedule& schedule, WallTime anchor);
  WallTime next_period(WallTime t) const;
  std::optional<std::chrono::sys_seconds> next_wall(std::chrono::sys_seconds t) const;
  std::optional<std::chrono::sys_seconds> next_instant(std::chrono::sys_seconds t) const;
  Preview describe(WallTime at) const;

  ScheduleKind kind_ = ScheduleKind::manual;
  const Zone* zone_ = nullptr;  // never null after compile; lives as long as the process
  WallPattern pattern_;         // daily, weekly, cron
  bool interval_like_ = false;  // cron that admits every hour
  microseconds period_{};       // every
  microseconds phase_{};        // every: anchor modulo period
};

}  // namespace dray
