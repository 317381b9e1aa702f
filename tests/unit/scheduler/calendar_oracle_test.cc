// The calendar against a second calculator that shares nothing with it: the C library says what the
// clock shows (localtime_r), its jumps are found by bisection, and expectations come from walking
// the clock minute by minute around every one of them, in every zone, 1990 to 2037.
#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/scheduler/calendar.h"
#include "tests/support/catch.h"
#include "tests/unit/scheduler/libc_zones.h"
#include "tests/unit/scheduler/schedule_builders.h"

namespace dray {
namespace {

constexpr int64_t kMinute = 60;

// What the clock shows in the days around a jump, minute by minute. Wall minutes are counted from
// 1970-01-01 00:00 on the wall.
class Walk {
 public:
  Walk(const std::vector<Jump>& jumps, size_t index, int64_t reach)
      : first_((jumps[index].at - reach) / kMinute), end_((jumps[index].at + reach) / kMinute) {
    size_t j = 0;
    while (j < jumps.size() && jumps[j].at <= first_ * kMinute)
      ++j;
    int64_t offset = (j == 0 ? jumps[0].before : jumps[j - 1].after) / kMinute;
    base_ = first_ + offset;
    fires_.assign(static_cast<size_t>(end_ - first_ + 2 * kDay / kMinute), kNever);
    for (int64_t minute = first_; minute < end_; ++minute) {
      const int64_t last_shown = minute - 1 + offset;
      if (j < jumps.size() && jumps[j].at == minute * kMinute) offset = jumps[j++].after / kMinute;
      const int64_t shown = minute + offset;
      // A minute that was skipped belongs to the end of its gap; one seen before stays where it
      // was.
      const bool is_first = minute == first_;
      for (int64_t wall = is_first ? shown : std::min(last_shown + 1, shown); wall <= shown; ++wall)
        note(wall, minute);
      shown_.push_back(shown);
    }
  }

  int64_t first() const { return first_; }
  int64_t end() const { return end_; }
  int64_t first_wall() const { return base_; }
  int64_t end_wall() const { return base_ + static_cast<int64_t>(fires_.size()); }
  int64_t shown(int64_t minute) const { return shown_[static_cast<size_t>(minute - first_)]; }
  // The minute at which a wall minute fires.
  int64_t fires(int64_t wall) const { return fires_[static_cast<size_t>(wall - base_)]; }
  static constexpr int64_t kNever = -1;

 private:
  void note(int64_t wall, int64_t minute) {
    if (wall < base_ || wall >= end_wall()) return;
    int64_t& fires = fires_[static_cast<size_t>(wall - base_)];
    if (fires == kNever) fires = minute;
  }

  int64_t first_;
  int64_t end_;
  int64_t base_ = 0;
  std::vector<int64_t> fires_;
  std::vector<int64_t> shown_;
};

using Minutes = std::vector<int64_t>;
using Matcher = bool (*)(const tm&);

tm broken_down(int64_t wall) {
  const time_t time = wall * kMinute;
  tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

// Each matching wall minute once.
Minutes by_wall_time(const Walk& walk, Matcher matches) {
  std::set<int64_t> minutes;
  for (int64_t wall = walk.first_wall(); wall < walk.end_wall(); ++wall)
    if (walk.fires(wall) != Walk::kNever && matches(broken_down(wall)))
      minutes.insert(walk.fires(wall));
  return {minutes.begin(), minutes.end()};
}

// Each real minute at which the clock shows a match.
Minutes by_real_time(const Walk& walk, Matcher matches) {
  Minutes minutes;
  for (int64_t minute = walk.first(); minute < walk.end(); ++minute)
    if (matches(broken_down(walk.shown(minute)))) minutes.push_back(minute);
  return minutes;
}

Minutes daily_by_wall_time(const Walk& walk, int64_t minute_of_day) {
  std::set<int64_t> minutes;
  const int64_t per_day = kDay / kMinute;
  for (int64_t wall = walk.first_wall() / per_day * per_day + minute_of_day; wall < walk.end_wall();
       wall += per_day)
    if (wall >= walk.first_wall() && walk.fires(wall) != Walk::kNever)
      minutes.insert(walk.fires(wall));
  return {minutes.begin(), minutes.end()};
}

// Only occurrences well inside the walk: at its ends it cannot know what was shown before.
Minutes inside(const Minutes& minutes, int64_t at, int64_t reach) {
  Minutes kept;
  for (const int64_t minute : minutes)
    if (minute * kMinute > at - reach && minute * kMinute < at + reach) kept.push_back(minute);
  return kept;
}

Minutes from_calendar(const CompiledSchedule& schedule, int64_t at, int64_t reach) {
  Minutes minutes;
  WallTime t{seconds{at - reach}};
  while (const std::optional<WallTime> next = schedule.next_after(t)) {
    if (*next <= t) FAIL("not after the question: " << format_rfc3339(*next));
    t = *next;
    const int64_t second = to_unix_us(t) / 1'000'000;
    if (second >= at + reach) break;
    if (second % kMinute != 0) FAIL("an occurrence between two minutes: " << second);
    minutes.push_back(second / kMinute);
  }
  return minutes;
}

// The answer may depend on the question's instant alone, wherever between two occurrences that is:
// before a jump, at it, in the second pass of a repeated hour.
void check_questions_at_jump(const CompiledSchedule& schedule, const Jump& jump,
                             const Minutes& expected) {
  const int64_t size = std::abs(jump.after - jump.before);
  for (const int64_t at : {jump.at - size / 3, jump.at - 1, jump.at, jump.at + size / 3,
                           jump.at + size * 2 / 3, jump.at + size - 1}) {
    const auto later = [&](int64_t minute) { return minute * kMinute > at; };
    const auto wanted = std::ranges::find_if(expected, later);
    const std::optional<WallTime> actual = schedule.next_after(WallTime{seconds{at}});
    if (wanted == expected.end() || actual == WallTime{seconds{*wanted * kMinute}}) continue;
    CAPTURE(schedule.zone().name(), at, jump.at, jump.before, jump.after);
    REQUIRE(actual);
    CHECK(format_rfc3339(*actual) == format_rfc3339(WallTime{seconds{*wanted * kMinute}}));
  }
}

CompiledSchedule compile_or_fail(const Schedule& schedule) {
  const Result<CompiledSchedule> result = CompiledSchedule::compile(schedule);
  if (!result) FAIL(result.error().message);
  return *result;
}

// Compiles each daily schedule of a zone once.
class DailySchedules {
 public:
  explicit DailySchedules(std::string zone) : zone_(std::move(zone)) {}

  const CompiledSchedule& at(int64_t minute_of_day) {
    const auto found = compiled_.find(minute_of_day);
    if (found != compiled_.end()) return found->second;
    const Schedule schedule =
        daily(fmt::format("{:02}:{:02}", minute_of_day / 60, minute_of_day % 60), zone_);
    return compiled_.emplace(minute_of_day, compile_or_fail(schedule)).first->second;
  }

 private:
  std::string zone_;
  std::map<int64_t, CompiledSchedule> compiled_;
};

struct OracleCase {
  Schedule schedule;
  Minutes (*expect)(const Walk&, Matcher);
  Matcher matches;
};

// Lambdas instead of a second cron parser: what each text means is written out here.
std::vector<OracleCase> oracle_cases(const std::string& zone) {
  return {
      {weekly("02:30", "sat-mon", zone), by_wall_time,
       [](const tm& t) {
         return t.tm_hour == 2 && t.tm_min == 30 &&
                (t.tm_wday == 1 || t.tm_wday == 6 || t.tm_wday == 0);
       }},
      {cron("10,40 0-3,23 * * *", zone), by_wall_time,
       [](const tm& t) {
         return (t.tm_min == 10 || t.tm_min == 40) && (t.tm_hour <= 3 || t.tm_hour == 23);
       }},
      {cron("0 */2 1-7,25-31 * sun", zone), by_wall_time,
       [](const tm& t) {
         return t.tm_min == 0 && t.tm_hour % 2 == 0 &&
                (t.tm_mday <= 7 || t.tm_mday >= 25 || t.tm_wday == 0);
       }},
      {cron("*/15 * * * *", zone), by_real_time, [](const tm& t) { return t.tm_min % 15 == 0; }},
      {cron("5 * * mar,apr,sep-nov sat,sun", zone), by_real_time,
       [](const tm& t) {
         const bool month = t.tm_mon == 2 || t.tm_mon == 3 || (t.tm_mon >= 8 && t.tm_mon <= 10);
         return t.tm_min == 5 && month && (t.tm_wday == 0 || t.tm_wday == 6);
       }},
  };
}

TEST_CASE("around every jump of every clock a daily schedule agrees with the independent walk") {
  const RestoreTimeZone restore;
  constexpr int64_t kReach = 30 * 3600;
  size_t checked = 0;
  for (const std::string& zone : distinct_zones()) {
    const std::vector<Jump> jumps = jumps_of(zone);
    DailySchedules schedules(zone);
    for (size_t i = 0; i < jumps.size(); ++i) {
      const Jump& jump = jumps[i];
      REQUIRE(jump.at % kMinute == 0);
      REQUIRE(jump.after % kMinute == 0);
      const Walk walk(jumps, i, kReach + kDay / 4);
      // The first wall minute that the jump skips or repeats, and one in the middle of it.
      const int64_t edge = (jump.at + std::min(jump.before, jump.after)) / kMinute;
      const int64_t middle = edge + std::abs(jump.after - jump.before) / kMinute / 2;
      for (const int64_t wall : {edge, middle}) {
        const int64_t minute_of_day = wall % (kDay / kMinute);
        const Minutes expected = inside(daily_by_wall_time(walk, minute_of_day), jump.at, kReach);
        const Minutes actual = from_calendar(schedules.at(minute_of_day), jump.at, kReach);
        ++checked;
        check_questions_at_jump(schedules.at(minute_of_day), jump, expected);
        if (actual == expected) continue;
        CAPTURE(zone, jump.at, jump.before, jump.after, minute_of_day);
        CHECK(actual == expected);
      }
    }
  }
  CHECK(checked > 10'000);
}

TEST_CASE("around sampled jumps weekly and cron schedules agree with the independent walk") {
  const RestoreTimeZone restore;
  constexpr int64_t kReach = 42 * 3600;
  constexpr size_t kEach = 29;  // no multiple of two: both directions of a yearly pair are met
  size_t position = 0;
  for (const std::string& zone : distinct_zones()) {
    const std::vector<Jump> jumps = jumps_of(zone);
    const std::vector<OracleCase> cases = oracle_cases(zone);
    for (size_t i = 0; i < jumps.size(); ++i) {
      if (position++ % kEach != 0) continue;
      const Walk walk(jumps, i, 48 * 3600);
      for (const OracleCase& oracle : cases) {
        const Minutes expected = inside(oracle.expect(walk, oracle.matches), jumps[i].at, kReach);
        const Minutes actual = from_calendar(compile_or_fail(oracle.schedule), jumps[i].at, kReach);
        if (actual == expected) continue;
        CAPTURE(zone, oracle.schedule.at, oracle.schedule.cron, jumps[i].at);
        CHECK(actual == expected);
      }
    }
  }
  CHECK(position > 5'000);
}

TEST_CASE("offsets beyond the listed changes agree with the C library up to 2100") {
  const RestoreTimeZone restore;
  constexpr int64_t kEnd2100 = 4'102'444'800;
  for (const std::string& zone : distinct_zones()) {
    const CompiledSchedule compiled = compile_or_fail(make_schedule(ScheduleKind::manual, zone));
    use_zone(zone);
    for (int64_t at = kFirstSecond; at < kEnd2100; at += 19 * kDay + 3607) {
      const int64_t actual =
          compiled.zone().offset_at(std::chrono::sys_seconds{seconds{at}}).count();
      if (actual == libc_offset(at)) continue;
      CAPTURE(zone, at, actual);
      CHECK(actual == libc_offset(at));
      break;
    }
  }
}

}  // namespace
}  // namespace dray
