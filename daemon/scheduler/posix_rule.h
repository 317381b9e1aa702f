// The rule at the end of a tz database file ("CET-1CEST,M3.5.0,M10.5.0/3", RFC 8536 section 3.3),
// which says how daylight saving goes on after the last change the file lists. Distributions that
// build the database "slim" list nothing after a zone's last change of law (New York: 2007), the
// others end in 2037; the date library ignores the rule, so the zone tables are continued with it
// here. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace dray {

// The day and the wall time, under the offset that ends there, at which an offset changes.
struct PosixChange {
  enum class Form : uint8_t { month_week_day, julian, zero_based } form = Form::month_week_day;
  int month = 1;      // month_week_day: 1..12
  int week = 1;       // 1..5, 5 = the last
  int weekday = 0;    // 0..6, 0 = Sunday
  int day = 0;        // julian: 1..365, 29 February is never counted; zero_based: 0..365
  int time_s = 7200;  // -167 h .. 167 h

  std::chrono::local_seconds in(std::chrono::year year) const;
};

struct PosixRule {
  std::string standard_name;
  int standard_offset_s = 0;  // east is positive
  bool has_daylight = false;  // the rest only then
  std::string daylight_name;
  int daylight_offset_s = 0;
  PosixChange daylight_begin;
  PosixChange daylight_end;
};

// Error: corrupt, with the rule's text.
Result<PosixRule> parse_posix_rule(std::string_view text);

struct OffsetChange {
  std::chrono::sys_seconds at;
  bool to_daylight = false;
};

// All changes after `after` up to the end of `last_year`, in order. Empty for a rule without
// daylight saving and for one whose daylight saving never ends.
std::vector<OffsetChange> changes_after(const PosixRule& rule, std::chrono::sys_seconds after,
                                        std::chrono::year last_year);

}  // namespace dray
