#include "daemon/scheduler/posix_rule.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "daemon/base/quote.h"

namespace dray {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year;

// A cursor over the text; every read returns nullopt when the text is something else.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<int> number(int min, int max) {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < min || value > max) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  // "CET" or "<+0330>"
  std::optional<std::string> name() {
    const bool is_quoted = accept('<');
    const auto ends = [&](char c) {
      return is_quoted ? c == '>' : !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    };
    const auto end = static_cast<size_t>(std::ranges::find_if(rest_, ends) - rest_.begin());
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (name.empty() || (is_quoted && !accept('>'))) return std::nullopt;
    return name;
  }

  // [+-]h[h[h]][:mm[:ss]] in seconds
  std::optional<int> time(int max_hours) {
    const int sign = accept('-') ? -1 : 1;
    if (sign == 1) accept('+');
    const std::optional<int> hours = number(0, max_hours);
    if (!hours) return std::nullopt;
    int total = *hours * 3600;
    for (const int unit : {60, 1}) {
      if (!accept(':')) break;
      const std::optional<int> part = number(0, 59);
      if (!part) return std::nullopt;
      total += *part * unit;
    }
    return sign * total;
  }

  // ",M3.5.0/2", ",J60", ",59"
  std::optional<PosixChange> change() {
    PosixChange change;
    if (!accept(',')) return std::nullopt;
    const bool known = accept('M') ? month_week_day(change) : day_of_year(change);
    if (!known) return std::nullopt;
    if (accept('/')) {
      const std::optional<int> at = time(167);
      if (!at) return std::nullopt;
      change.time_s = *at;
    }
    return change;
  }

 private:
  bool read(int& value, int min, int max) {
    const std::optional<int> read = number(min, max);
    value = read.value_or(value);
    return read.has_value();
  }

  bool month_week_day(PosixChange& change) {
    return read(change.month, 1, 12) && accept('.') && read(change.week, 1, 5) && accept('.') &&
           read(change.weekday, 0, 6);
  }

  bool day_of_year(PosixChange& change) {
    const bool julian = accept('J');
    change.form = julian ? PosixChange::Form::julian : PosixChange::Form::zero_based;
    return read(change.day, julian ? 1 : 0, 365);
  }

  std::string_view rest_;
};

// The daylight half: "CEST[offset],begin,end". Without its own offset it is one hour ahead.
bool read_daylight(Reader& reader, PosixRule& rule) {
  std::optional<std::string> name = reader.name();
  if (!name) return false;
  rule.has_daylight = true;
  rule.daylight_name = *std::move(name);
  rule.daylight_offset_s = rule.standard_offset_s + 3600;
  if (const std::optional<int> west = reader.time(24)) rule.daylight_offset_s = -*west;
  const std::optional<PosixChange> begin = reader.change();
  const std::optional<PosixChange> end = begin ? reader.change() : std::nullopt;
  if (!end) return false;
  rule.daylight_begin = *begin;
  rule.daylight_end = *end;
  return reader.at_end();
}

}  // namespace

local_seconds PosixChange::in(year year) const {
  namespace chrono = std::chrono;
  local_days date{year / chrono::January / 1};
  if (form == Form::month_week_day) {
    const chrono::month m{static_cast<unsigned>(month)};
    const chrono::weekday wanted{static_cast<unsigned>(weekday)};
    date = week == 5 ? local_days{year / m / wanted[chrono::last]}
                     : local_days{year / m / wanted[static_cast<unsigned>(week)]};
  } else if (form == Form::julian) {
    const bool after_leap_day = year.is_leap() && day >= 60;
    date += days{day - 1 + (after_leap_day ? 1 : 0)};
  } else {
    date += days{day};
  }
  return date + seconds{time_s};
}

Result<PosixRule> parse_posix_rule(std::string_view text) {
  Reader reader(text);
  PosixRule rule;
  std::optional<std::string> name = reader.name();
  const std::optional<int> west = name ? reader.time(24) : std::nullopt;
  if (west) {
    rule.standard_name = *std::move(name);
    rule.standard_offset_s = -*west;
    if (reader.at_end() || read_daylight(reader, rule)) return rule;
  }
  return fail(ErrorCode::corrupt, "{} is not a time zone rule", quoted(text));
}

std::vector<OffsetChange> changes_after(const PosixRule& rule, sys_seconds after, year last_year) {
  std::vector<OffsetChange> changes;
  if (!rule.has_daylight) return changes;
  const auto in_utc = [](local_seconds wall, int offset_s) {
    return sys_seconds{wall.time_since_epoch() - seconds{offset_s}};
  };
  const std::chrono::year_month_day first{std::chrono::floor<days>(after)};
  for (year y = first.year() - std::chrono::years{1}; y <= last_year; ++y) {
    changes.push_back({in_utc(rule.daylight_begin.in(y), rule.standard_offset_s), true});
    changes.push_back({in_utc(rule.daylight_end.in(y), rule.daylight_offset_s), false});
  }
  std::ranges::sort(changes, {}, &OffsetChange::at);
  // Daylight saving that ends at the instant it begins again never ends.
  const auto same = std::ranges::adjacent_find(changes, {}, &OffsetChange::at);
  if (same != changes.end()) return {};
  std::erase_if(changes, [&](const OffsetChange& change) { return change.at <= after; });
  return changes;
}

}  // namespace dray
