#include "daemon/scheduler/wall_pattern.h"

#include <bit>

namespace dray {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::year_month_day;

constexpr int kMinutesPerDay = 24 * 60;

template <class Bits>
bool has_bit(Bits bits, unsigned index) {
  return (bits >> index & 1) != 0;
}

}  // namespace

bool WallPattern::matches_day(local_days day) const {
  const year_month_day date{day};
  if (!has_bit(months, unsigned{date.month()})) return false;
  const bool day_of_month = has_bit(days, unsigned{date.day()});
  const bool weekday = has_bit(weekdays, std::chrono::weekday{day}.iso_encoding() - 1);
  return either_day ? day_of_month || weekday : day_of_month && weekday;
}

bool WallPattern::matches(local_seconds time) const {
  const local_days day = floor<std::chrono::days>(time);
  const auto second_of_day = static_cast<unsigned>((time - day).count());
  return second_of_day % 60 == second && has_bit(minutes, second_of_day / 60 % 60) &&
         has_bit(hours, second_of_day / 3600) && matches_day(day);
}

std::optional<int> WallPattern::minute_from(int from) const {
  if (from >= kMinutesPerDay || minutes == 0) return std::nullopt;
  const int hour = from / 60;
  if (has_bit(hours, static_cast<unsigned>(hour))) {
    const uint64_t rest = minutes >> (from % 60);
    if (rest != 0) return from + std::countr_zero(rest);
  }
  const uint32_t later = hours >> (hour + 1);
  if (later == 0) return std::nullopt;
  return (hour + 1 + std::countr_zero(later)) * 60 + std::countr_zero(minutes);
}

std::optional<local_seconds> WallPattern::first_from(local_seconds from) const {
  local_days day = floor<std::chrono::days>(from);
  const local_days last = day + std::chrono::days{kSearchYears * 366};
  const auto second_of_day = static_cast<int>((from - day).count());
  // The minute whose `second` is not over yet.
  int minute = second_of_day / 60 + (second_of_day % 60 > second ? 1 : 0);
  while (day <= last) {
    const year_month_day date{day};
    if (!has_bit(months, unsigned{date.month()})) {
      day = local_days{date.year() / date.month() / std::chrono::last} + std::chrono::days{1};
    } else {
      if (matches_day(day)) {
        if (const std::optional<int> found = minute_from(minute))
          return day + std::chrono::minutes{*found} + std::chrono::seconds{second};
      }
      day += std::chrono::days{1};
    }
    minute = 0;
  }
  return std::nullopt;
}

}  // namespace dray
