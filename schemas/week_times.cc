#include "schemas/week_times.h"

#include <charconv>

#include "daemon/base/quote.h"
#include "schemas/weekdays.h"

namespace dray {
namespace {

constexpr uint64_t kMaxKbps = 1'000'000'000;

Status check_time(std::string_view path, std::string_view text, bool end_of_day) {
  const std::optional<int> time = parse_day_time(text);
  if (time && (end_of_day || *time < kDaySeconds)) return {};
  return fail(ErrorCode::invalid, "{}: {} must be a wall time HH:MM, 00:00 to {}", path,
              quoted(text), end_of_day ? "24:00" : "23:59");
}

Status check_days(std::string_view path, WeekdaySet days) {
  if (days != 0 && (days & ~unsigned{kAllWeekdays}) == 0) return {};
  return fail(ErrorCode::invalid, "{}: names no day of the week", path);
}

Status check_count(std::string_view path, size_t count) {
  if (count <= kMaxWeekRows) return {};
  return fail(ErrorCode::invalid, "{}: {} rows; allowed: {}", path, count, kMaxWeekRows);
}

}  // namespace

std::optional<int> parse_day_time(std::string_view text) {
  constexpr int kLimits[] = {24, 59, 59};
  constexpr int kSeconds[] = {3600, 60, 1};
  if (text.size() != 5 && text.size() != 8) return std::nullopt;
  int time = 0;
  for (size_t i = 0; i * 3 < text.size(); ++i) {
    if (i > 0 && text[i * 3 - 1] != ':') return std::nullopt;
    const std::string_view digits = text.substr(i * 3, 2);
    int part = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), part);
    if (error != std::errc{} || end != digits.end() || part < 0 || part > kLimits[i])
      return std::nullopt;
    time += part * kSeconds[i];
  }
  if (time > kDaySeconds) return std::nullopt;
  return time;
}

Status check_bandwidth_table(std::string_view path, const BandwidthTable& table) {
  DRAY_TRY(check_count(path, table.rows.size()));
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const BandwidthRow& row = table.rows[i];
    const std::string where = fmt::format("{}[{}]", path, i);
    DRAY_TRY(check_time(where + ".at", row.at, false));
    DRAY_TRY(check_days(where + ".weekdays", row.weekdays));
    if (row.kbps > kMaxKbps)
      return fail(ErrorCode::invalid,
                  "{}.kbps: {} is out of range; allowed: 1 to {}, or 0 (no cap)", where, row.kbps,
                  kMaxKbps);
  }
  return {};
}

Status check_run_windows(std::string_view path, std::span<const RunWindow> windows) {
  DRAY_TRY(check_count(path, windows.size()));
  for (size_t i = 0; i < windows.size(); ++i) {
    const std::string where = fmt::format("{}[{}]", path, i);
    DRAY_TRY(check_time(where + ".from", windows[i].from, false));
    DRAY_TRY(check_time(where + ".to", windows[i].to, true));
    DRAY_TRY(check_days(where + ".weekdays", windows[i].weekdays));
  }
  return {};
}

}  // namespace dray
