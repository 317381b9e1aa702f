#include "daemon/base/time.h"

#include <ctime>

namespace dray {
namespace {

Duration read_clock(clockid_t id) {
  timespec spec{};
  clock_gettime(id, &spec);
  return seconds{spec.tv_sec} + Duration{spec.tv_nsec};
}

// Reads exactly `count` digits at `pos` and moves past them; -1 when they are not there.
int digits(std::string_view text, size_t& pos, size_t count) {
  if (pos + count > text.size()) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[pos + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  pos += count;
  return value;
}

bool take(std::string_view text, size_t& pos, char expected) {
  if (pos >= text.size() || text[pos] != expected) return false;
  ++pos;
  return true;
}

// ".123456789" -> microseconds, cut (not rounded) below one microsecond.
bool take_fraction(std::string_view text, size_t& pos, int64_t& out_us) {
  out_us = 0;
  if (pos >= text.size() || text[pos] != '.') return true;
  ++pos;
  const size_t start = pos;
  int64_t scale = 100'000;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
    out_us += (text[pos] - '0') * scale;
    scale /= 10;
    ++pos;
  }
  return pos > start && pos - start <= 9;
}

bool take_offset(std::string_view text, size_t& pos, minutes& offset) {
  offset = minutes{0};
  if (take(text, pos, 'Z') || take(text, pos, 'z')) return true;
  const bool minus = pos < text.size() && text[pos] == '-';
  if (!minus && (pos >= text.size() || text[pos] != '+')) return false;
  ++pos;
  const int hh = digits(text, pos, 2);
  if (hh < 0 || !take(text, pos, ':')) return false;
  const int mm = digits(text, pos, 2);
  if (mm < 0 || hh > 23 || mm > 59) return false;
  offset = minutes{(hh * 60 + mm) * (minus ? -1 : 1)};
  return true;
}

}  // namespace

Now SystemClock::now() const {
  return Now{Instant{read_clock(CLOCK_BOOTTIME)},
             WallTime{std::chrono::duration_cast<microseconds>(read_clock(CLOCK_REALTIME))}};
}

std::string format_rfc3339(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{time - day};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto ms = clock.subseconds().count() / 1000;
  if (ms != 0) text += fmt::format(".{:03}", ms);
  return text + "Z";
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [&] {
    return fail(ErrorCode::invalid, "'{}' is not a time like 2026-11-20T05:47:03Z", text);
  };
  size_t pos = 0;
  const int y = digits(text, pos, 4);
  if (y < 0 || !take(text, pos, '-')) return bad();
  const int mo = digits(text, pos, 2);
  if (mo < 0 || !take(text, pos, '-')) return bad();
  const int d = digits(text, pos, 2);
  if (d < 0 || !(take(text, pos, 'T') || take(text, pos, 't') || take(text, pos, ' ')))
    return bad();
  const int h = digits(text, pos, 2);
  if (h < 0 || h > 23 || !take(text, pos, ':')) return bad();
  const int mi = digits(text, pos, 2);
  if (mi < 0 || mi > 59 || !take(text, pos, ':')) return bad();
  const int s = digits(text, pos, 2);
  if (s < 0 || s > 60) return bad();
  int64_t us = 0;
  std::chrono::minutes offset{0};
  if (!take_fraction(text, pos, us) || !take_offset(text, pos, offset) || pos != text.size())
    return bad();
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok()) return bad();
  const WallTime time{sys_days{date} + std::chrono::hours{h} + std::chrono::minutes{mi} +
                      std::chrono::seconds{s} + microseconds{us} - offset};
  const year_month_day in_utc{floor<days>(time)};
  if (in_utc.year() < year{0} || in_utc.year() > year{9999}) return bad();
  return time;
}

}  // namespace dray
