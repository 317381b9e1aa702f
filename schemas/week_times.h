// Weekly times as people write them in bandwidth tables and may-run windows: their form, checked
// and turned into seconds of the day. Time zones are looked up elsewhere
// (daemon/scheduler/week_table.h). Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/job_policy.h"

namespace dray {

inline constexpr int kDaySeconds = 86'400;
inline constexpr size_t kMaxWeekRows = 200;  // more: refused

// "HH:MM" or "HH:MM:SS", two digits each, up to "23:59:59"; "24:00" is the end of the day.
std::optional<int> parse_day_time(std::string_view text);

// invalid: "rows[2].at: '8:00' must be ..."; `path` is the name of the list.
Status check_bandwidth_table(std::string_view path, const BandwidthTable& table);
Status check_run_windows(std::string_view path, std::span<const RunWindow> windows);

}  // namespace dray
