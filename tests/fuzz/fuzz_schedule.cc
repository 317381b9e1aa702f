// Schedules, and the small texts around them: taken or refused; occurrences only ever move on.
#include "daemon/base/text.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/calendar.h"
#include "daemon/scheduler/cron.h"
#include "daemon/scheduler/posix_rule.h"
#include "schemas/weekdays.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {
namespace {

constexpr const char* kZones[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe",
                                  "Africa/Casablanca"};
constexpr int kOccurrences = 20;

void check_schedule(const Schedule& schedule) {
  const auto compiled = CompiledSchedule::compile(schedule);
  if (!compiled) return must(!compiled.error().message.empty(), "a refusal says why");
  WallTime t = parse_rfc3339("2026-03-28T12:00:00Z").value_or(WallTime{});
  for (int i = 0; i < kOccurrences; ++i) {
    const auto next = compiled->next_after(t);
    if (!next) return;
    must(*next > t, "occurrences move on");
    t = *next;
  }
}

// As exactly as times are shown.
Result<WallTime> parse_shown_time(std::string_view text) {
  DRAY_TRY_ASSIGN(const WallTime time, parse_rfc3339(text));
  return WallTime{std::chrono::floor<milliseconds>(time)};
}

// `parse` takes what `format` gives, and it means the same.
template <class Parse, class Format>
void check_text(std::string_view text, Parse&& parse, Format&& format) {
  const auto value = parse(text);
  if (!value) return;
  const auto again = parse(format(*value));
  must(again && *again == *value, "what is shown means the same");
}

}  // namespace

std::vector<std::string> seeds() {
  return {std::string("\0", 1) + "*/10 * * * *",
          "\x01"
          "30 2 * * mon-fri",
          "\x02"
          "0 0 29 2 *",
          "\x03"
          "5,10-20/3 8-18/2 1,15 jan,dec sun",
          "\x04"
          "@daily",
          "\x05"
          "02:30",
          "\x09"
          "23:59:59",
          "\x06"
          "CET-1CEST,M3.5.0,M10.5.0/3",
          "\x06"
          "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
          "\x07"
          "10m",
          "\x07"
          "64M",
          "\x07"
          "2026-03-29T01:00:00Z",
          "\x07"
          "mon,thu"};
}

std::vector<std::string_view> words() {
  return {"*", "*/", "-",     ",",   "@weekly", "feb",  "31",    "L",
          "#", "60", "24:00", "MiB", "off",     "J366", "+02:00"};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray;
  if (size == 0) return 0;
  const std::string text(fuzz::text_of(data, size).substr(1));
  Schedule schedule;
  schedule.time_zone = fuzz::kZones[(data[0] >> 3) % 4];
  switch (data[0] % 8) {
    case 5:
      schedule.kind = ScheduleKind::daily;
      schedule.at = text;
      fuzz::check_schedule(schedule);
      return 0;
    case 6:
      (void)parse_posix_rule(text);
      return 0;
    case 7:
      fuzz::check_text(text, parse_duration, format_duration);
      fuzz::check_text(text, parse_size, format_size);
      fuzz::check_text(text, parse_rate, format_rate);
      fuzz::check_text(text, fuzz::parse_shown_time, [](WallTime t) { return format_rfc3339(t); });
      (void)parse_weekdays(text);
      return 0;
    default:
      schedule.kind = ScheduleKind::cron;
      schedule.cron = text;
      fuzz::check_schedule(schedule);
      return 0;
  }
}
