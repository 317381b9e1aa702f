// How values of ours look to people. Pure: the time is passed in.
#pragma once

#include <string>

#include "daemon/base/time.h"
#include "ops/table.h"
#include "schemas/run_state.h"
#include "schemas/schedule.h"

namespace dray::ops {

Tint state_tint(RunState state);
Cell state_cell(RunState state);

// Times that did not happen are WallTime{} and shown as "-".
// In the time zone of this machine: "2026-11-20 06:47:03"; " UTC" behind it when that is UTC.
std::string time_text(WallTime time);
// "in 3h 20m", "2m 05s ago", "now".
std::string relative_text(WallTime time, WallTime now);
// From start to end, or to `now` while it goes on.
std::string span_text(WallTime start, WallTime end, WallTime now);

// "every day at 02:30 (Europe/Oslo)".
std::string schedule_text(const Schedule& schedule);

// kbps as stored: 1000 bytes per second. "no cap" for 0.
std::string kbps_text(uint64_t kbps);

// "name: value" lines with the names aligned; empty values are left out.
class Fields {
 public:
  void add(std::string_view name, std::string_view value, Tint tint = Tint::none);
  std::string text(int width, bool colour) const;

 private:
  struct Row {
    std::string name;
    std::string value;
    Tint tint;
  };
  std::vector<Row> rows_;
};

}  // namespace dray::ops
