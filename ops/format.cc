#include "ops/format.h"

#include <algorithm>
#include <ctime>

#include "daemon/base/text.h"
#include "ops/text_width.h"
#include "schemas/weekdays.h"

namespace dray::ops {

Tint state_tint(RunState state) {
  switch (state) {
    case RunState::succeeded:
      return Tint::good;
    case RunState::warning:
    case RunState::retry_wait:
    case RunState::cancelling:
    case RunState::held:
    case RunState::paused:
    case RunState::missed:
      return Tint::warn;
    case RunState::failed:
      return Tint::bad;
    case RunState::cancelled:
    case RunState::skipped:
      return Tint::dim;
    default:
      return Tint::none;
  }
}

Cell state_cell(RunState state) {
  return {to_string(state), state_tint(state)};
}

std::string time_text(WallTime time) {
  if (time == WallTime{}) return "-";
  const time_t seconds = static_cast<time_t>(to_unix_us(time) / 1'000'000);
  tm local{};
  localtime_r(&seconds, &local);
  char text[64] = {};
  strftime(text, sizeof text, local.tm_gmtoff == 0 ? "%F %T UTC" : "%F %T", &local);
  return text;
}

std::string relative_text(WallTime time, WallTime now) {
  if (time == WallTime{}) return "-";
  const Duration distance = time - now;
  if (distance > -seconds{1} && distance < seconds{1}) return "now";
  // Below a minute tenths of a second would only flicker.
  const Duration size = distance > Duration{0} ? distance : -distance;
  const std::string text = human_duration(std::chrono::floor<seconds>(size));
  return distance > Duration{0} ? "in " + text : text + " ago";
}

std::string span_text(WallTime start, WallTime end, WallTime now) {
  if (start == WallTime{}) return "-";
  const WallTime until = end == WallTime{} ? now : end;
  return human_duration(std::max(Duration{0}, Duration{until - start}));
}

std::string schedule_text(const Schedule& s) {
  switch (s.kind) {
    case ScheduleKind::daily:
      return fmt::format("every day at {} ({})", s.at, s.time_zone);
    case ScheduleKind::weekly:
      return fmt::format("{} at {} ({})", weekdays_text(s.weekdays), s.at, s.time_zone);
    case ScheduleKind::cron:
      return fmt::format("cron {} ({})", s.cron, s.time_zone);
    case ScheduleKind::every:
      return "every " + human_duration(seconds{s.every_seconds});
    case ScheduleKind::manual:
      break;
  }
  return "by hand";
}

std::string kbps_text(uint64_t kbps) {
  return kbps == 0 ? "no cap" : human_rate(kbps * 1000);
}

void Fields::add(std::string_view name, std::string_view value, Tint tint) {
  if (!value.empty()) rows_.push_back({std::string(name), clean(value), tint});
}

std::string Fields::text(int width, bool colour) const {
  int left = 0;
  for (const Row& row : rows_)
    left = std::max(left, display_width(row.name));
  std::string out;
  for (const Row& row : rows_) {
    const int room = width > 0 ? std::max(20, width - left - 2) : 0;
    std::string value = room > 0 ? wrap(row.value, room) : row.value;
    for (size_t at = 0; (at = value.find('\n', at)) != std::string::npos; at += 1)
      value.insert(at + 1, static_cast<size_t>(left) + 2, ' ');
    out += tinted(pad_right(row.name, left), Tint::dim, colour) + "  " +
           tinted(value, row.tint, colour) + "\n";
  }
  return out;
}

}  // namespace dray::ops
