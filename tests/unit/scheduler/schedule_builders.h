// Schedules in one line, for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "schemas/schedule.h"
#include "schemas/weekdays.h"

namespace dray {

inline Schedule make_schedule(ScheduleKind kind, std::string zone = "UTC") {
  Schedule schedule;
  schedule.kind = kind;
  schedule.time_zone = std::move(zone);
  return schedule;
}

inline Schedule daily(std::string at, std::string zone) {
  Schedule schedule = make_schedule(ScheduleKind::daily, std::move(zone));
  schedule.at = std::move(at);
  return schedule;
}

inline Schedule weekly(std::string at, std::string_view days, std::string zone) {
  Schedule schedule = make_schedule(ScheduleKind::weekly, std::move(zone));
  schedule.at = std::move(at);
  schedule.weekdays = *parse_weekdays(days);
  return schedule;
}

inline Schedule cron(std::string text, std::string zone) {
  Schedule schedule = make_schedule(ScheduleKind::cron, std::move(zone));
  schedule.cron = std::move(text);
  return schedule;
}

inline Schedule every(int64_t every_seconds, std::string zone = "UTC") {
  Schedule schedule = make_schedule(ScheduleKind::every, std::move(zone));
  schedule.every_seconds = every_seconds;
  return schedule;
}

}  // namespace dray
