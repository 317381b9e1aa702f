// Weekday sets as people write them: "mon,wed", "mon-fri", "sat-mon" (through the end of the week),
// "daily". Full names and any case are understood. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/schedule.h"

namespace dray {

inline constexpr WeekdaySet kAllWeekdays = 0x7f;

// 0 = Monday ... 6 = Sunday; "mon" or "monday".
std::optional<int> parse_weekday(std::string_view name);

// Never an empty set. Error: invalid, naming the word and the allowed form.
Result<WeekdaySet> parse_weekdays(std::string_view text);

// "mon,wed"; "daily" for all seven; "none" for the empty set.
std::string weekdays_text(WeekdaySet set);

}  // namespace dray
