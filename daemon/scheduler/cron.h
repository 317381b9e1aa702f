// Reads a cron expression.
//
// Five fields: minute hour day-of-month month weekday. A field is a comma-separated list of `*`, a
// value, a range `a-b`, or a range or `*` with a step (`*/15`, `8-18/2`). Months and weekdays have
// names (jan, mon; any case); weekday 0 and 7 are Sunday. Also @hourly @daily @midnight @weekly
// @monthly @yearly @annually.
//
// As in Vixie cron, when neither day field begins with `*`, a day that satisfies either one
// matches; otherwise it must satisfy both. Beyond what cron itself refuses, a step wider than its
// field
// (`*/90` minutes, which silently means "hourly") and a date that no month has (30 February) are
// refused too. Pure.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "daemon/scheduler/wall_pattern.h"

namespace dray {

// Error: invalid; the message names the field, the text and what is allowed:
// "hour field '25': must be 0-23".
Result<WallPattern> parse_cron(std::string_view text);

}  // namespace dray
