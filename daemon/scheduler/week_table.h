// A value that changes at wall times of the week, in a time zone: bandwidth caps and may-run
// windows.
//
// A row holds from the first instant at which the zone's clock shows its time until the next row
// does; the first row of a week also holds before it, from the last row of the week before.
// Daylight saving needs no special case: a time that the clock skips is reached at the end of the
// gap, and the hour that it repeats changes nothing the second time (zone.h).
//
// Pure, but for compile(), which looks the zone up (zone_db.h). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/zone.h"
#include "schemas/job_policy.h"

namespace dray {

class WeekTable {
 public:
  // Values are kilobytes per second. The table has rows. invalid: a time, a zone, two rows for one
  // moment that disagree.
  static Result<WeekTable> compile(const BandwidthTable& table);
  // Values are 1 inside a window and 0 outside. There is at least one window.
  static Result<WeekTable> compile(std::span<const RunWindow> windows, std::string_view time_zone);

  uint64_t at(WallTime time) const;
  // The first instant after `time` at which the value is another one. nullopt: it never changes.
  std::optional<WallTime> next_change(WallTime time) const;
  const Zone& zone() const { return *zone_; }

 private:
  struct Row {
    int second = 0;  // of the week, from Monday 00:00
    uint64_t value = 0;
  };
  WeekTable(const Zone* zone, std::vector<Row> rows) : zone_(zone), rows_(std::move(rows)) {}
  static Result<WeekTable> make(std::string_view time_zone, std::vector<Row> rows);
  size_t row_at(int second) const;

  const Zone* zone_;
  std::vector<Row> rows_;  // not empty, by second; neighbours differ
};

}  // namespace dray
