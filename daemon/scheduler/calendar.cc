#include "daemon/scheduler/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/scheduler/cron.h"
#include "daemon/scheduler/zone_db.h"
#include "schemas/weekdays.h"

namespace dray {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::sys_seconds;

// Calendar arithmetic is sound between these: std::chrono::year ends at 32767.
constexpr WallTime kEarliest{seconds{-1}};
constexpr WallTime kLatest{std::chrono::sys_days{std::chrono::year{9000} / 1 / 1}};

// Which optional field belongs to which kind.
struct FieldRule {
  std::string_view name;
  bool (*is_set)(const Schedule&);
  bool (*belongs)(ScheduleKind);
};
constexpr FieldRule kFieldRules[] = {
    {"at", [](const Schedule& s) { return !s.at.empty(); },
     [](ScheduleKind k) { return k == ScheduleKind::daily || k == ScheduleKind::weekly; }},
    {"weekdays", [](const Schedule& s) { return s.weekdays != 0; },
     [](ScheduleKind k) { return k == ScheduleKind::weekly; }},
    {"cron", [](const Schedule& s) { return !s.cron.empty(); },
     [](ScheduleKind k) { return k == ScheduleKind::cron; }},
    {"every_seconds", [](const Schedule& s) { return s.every_seconds != 0; },
     [](ScheduleKind k) { return k == ScheduleKind::every; }},
};

Status check_fields(const Schedule& schedule) {
  if (!is_known(schedule.kind))
    return fail(ErrorCode::invalid, "schedule.kind: {} is unknown; allowed: {}",
                static_cast<int>(schedule.kind), allowed_values<ScheduleKind>());
  for (const FieldRule& rule : kFieldRules) {
    const bool belongs = rule.belongs(schedule.kind);
    if (rule.is_set(schedule) == belongs) continue;
    return fail(ErrorCode::invalid, "schedule.{}: {} in a schedule of kind {}", rule.name,
                belongs ? "is required" : "has no meaning", to_string(schedule.kind));
  }
  return {};
}

// "HH:MM" or "HH:MM:SS", two digits each.
std::optional<std::array<int, 3>> parse_wall_time(std::string_view text) {
  constexpr int kLimits[] = {23, 59, 59};
  std::array<int, 3> parts{};
  if (text.size() != 5 && text.size() != 8) return std::nullopt;
  for (size_t i = 0; i * 3 < text.size(); ++i) {
    const std::string_view digits = text.substr(i * 3, 2);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), parts[i]);
    const bool separated = i == 0 || text[i * 3 - 1] == ':';
    if (!separated || error != std::errc{} || end != digits.end() || parts[i] < 0 ||
        parts[i] > kLimits[i])
      return std::nullopt;
  }
  return parts;
}

Result<WallPattern> daily_pattern(std::string_view at, WeekdaySet weekdays) {
  const std::optional<std::array<int, 3>> time = parse_wall_time(at);
  if (!time)
    return fail(ErrorCode::invalid,
                "schedule.at: {} must be a wall time HH:MM or HH:MM:SS, 00:00 to 23:59:59",
                quoted(at));
  if ((weekdays & ~unsigned{kAllWeekdays}) != 0)
    return fail(ErrorCode::invalid, "schedule.weekdays: {} must be 1 to 127, bit 0 is Monday",
                weekdays);
  const auto [hour, minute, second] = *time;
  return WallPattern{.minutes = uint64_t{1} << minute,
                     .hours = uint32_t{1} << hour,
                     .days = WallPattern::kAllDays,
                     .months = WallPattern::kAllMonths,
                     .weekdays = weekdays,
                     .either_day = false,
                     .second = static_cast<uint8_t>(second)};
}

// "+02:00"; with seconds where an offset has them (Liberia until 1972).
std::string offset_text(seconds offset) {
  const std::chrono::hh_mm_ss parts{offset};
  std::string text = fmt::format("{}{:02}:{:02}", parts.is_negative() ? '-' : '+',
                                 parts.hours().count(), parts.minutes().count());
  if (parts.seconds() != seconds{0}) text += fmt::format(":{:02}", parts.seconds().count());
  return text;
}

std::string local_text(local_seconds local, seconds offset) {
  const local_days day = floor<days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{local - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count(), offset_text(offset));
}

}  // namespace

Status CompiledSchedule::compile_times(const Schedule& schedule, WallTime anchor) {
  switch (schedule.kind) {
    case ScheduleKind::manual:
      return {};
    case ScheduleKind::daily: {
      DRAY_TRY_ASSIGN(pattern_, daily_pattern(schedule.at, kAllWeekdays));
      return {};
    }
    case ScheduleKind::weekly: {
      DRAY_TRY_ASSIGN(pattern_, daily_pattern(schedule.at, schedule.weekdays));
      return {};
    }
    case ScheduleKind::cron: {
      DRAY_TRY_ASSIGN(pattern_, annotate(parse_cron(schedule.cron), "schedule.cron"));
      interval_like_ = pattern_.every_hour();
      return {};
    }
    case ScheduleKind::every: {
      const seconds every{schedule.every_seconds};
      if (every < kMinEvery || every > kMaxEvery)
        return fail(ErrorCode::invalid, "schedule.every_seconds: {} must be {} to {}",
                    every.count(), kMinEvery.count(), kMaxEvery.count());
      period_ = every;
      phase_ = anchor.time_since_epoch() % period_;
      return {};
    }
  }
  return {};
}

Result<CompiledSchedule> CompiledSchedule::compile(const Schedule& schedule, WallTime anchor) {
  CompiledSchedule compiled;
  DRAY_TRY(check_fields(schedule));
  compiled.kind_ = schedule.kind;
  DRAY_TRY(compiled.compile_times(schedule, anchor));
  DRAY_TRY_ASSIGN(compiled.zone_, annotate(find_zone(schedule.time_zone), "schedule.time_zone"));
  return compiled;
}

std::optional<WallTime> CompiledSchedule::next_after(WallTime t) const {
  if (kind_ == ScheduleKind::manual || t >= kLatest) return std::nullopt;
  t = std::max(t, kEarliest);
  if (kind_ == ScheduleKind::every) return next_period(t);
  // Occurrences are whole seconds, so "after t" is "after the second t is in".
  const sys_seconds second = floor<seconds>(t);
  return interval_like_ ? next_instant(second) : next_wall(second);
}

WallTime CompiledSchedule::next_period(WallTime t) const {
  microseconds since_last = (t.time_since_epoch() - phase_) % period_;
  if (since_last < microseconds{0}) since_last += period_;
  return t - since_last + period_;
}

std::optional<sys_seconds> CompiledSchedule::next_wall(sys_seconds t) const {
  const std::optional<local_seconds> wall =
      pattern_.first_from(zone_->latest_shown(t) + seconds{1});
  if (!wall) return std::nullopt;
  return zone_->first_reaching(*wall);
}

std::optional<sys_seconds> CompiledSchedule::next_instant(sys_seconds t) const {
  const std::vector<Zone::Segment>& segments = zone_->segments();
  sys_seconds from = t + seconds{1};
  size_t i = zone_->segment_at(from);
  // `wall` is the first match at or after `searched`: a new search is needed only where the clock
  // jumps out of that span.
  local_seconds searched{};
  std::optional<local_seconds> wall;
  for (;; from = segments[++i].begin) {
    const seconds offset{segments[i].offset_s};
    const local_seconds shown{from.time_since_epoch() + offset};
    if (!wall || shown < searched || shown > *wall) {
      wall = pattern_.first_from(shown);
      searched = shown;
    }
    if (!wall) return std::nullopt;
    const sys_seconds at{wall->time_since_epoch() - offset};
    if (i + 1 == segments.size() || at < segments[i + 1].begin) return at;
  }
}

Preview CompiledSchedule::describe(WallTime at) const {
  const sys_seconds second = floor<seconds>(at);
  const local_seconds local = zone_->local(second);
  const local_days day = floor<days>(local);
  const bool on_wall_time = kind_ != ScheduleKind::every;
  return {.at = at,
          .local = local_text(local, zone_->offset_at(second)),
          .abbreviation = std::string(zone_->abbreviation_at(second)),
          .shifted_by_gap = on_wall_time && !pattern_.matches(local),
          .repeated_hour = zone_->repeats(local),
          .dst_day = zone_->first_reaching(day + days{1}) - zone_->first_reaching(day) != days{1}};
}

std::vector<Preview> CompiledSchedule::preview(WallTime from, size_t n) const {
  std::vector<Preview> occurrences;
  for (std::optional<WallTime> at = next_after(from); at && occurrences.size() < n;
       at = next_after(*at))
    occurrences.push_back(describe(*at));
  return occurrences;
}

}  // namespace dray
