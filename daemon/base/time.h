// Two kinds of time that cannot be mixed up.
//
// Instant:  CLOCK_BOOTTIME. Goes on while the machine is suspended and never jumps. Leases,
//           timers, deadlines, speeds.
// WallTime: UTC. May jump. Schedules, what people read, what is stored.
//
// Pure cores never ask for the time: a Now is passed in with every event.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

using Duration = std::chrono::nanoseconds;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct BootClock {  // tag of the time points below; read it through Clock
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;
};
using Instant = std::chrono::time_point<BootClock, Duration>;
using WallTime = std::chrono::sys_time<microseconds>;

struct Now {
  Instant mono{};
  WallTime wall{};
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

// The machine's own clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

// "2026-11-20T05:47:03Z", with ".123" when there are milliseconds; what is finer is not shown.
std::string format_rfc3339(WallTime time);
// Accepts an offset ("+02:00") or Z, 0 to 9 fraction digits of which it keeps microseconds. In UTC
// the year has four digits, too: what is taken can be shown.
Result<WallTime> parse_rfc3339(std::string_view text);

inline int64_t to_unix_us(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_unix_us(int64_t us) {
  return WallTime{microseconds{us}};
}
inline int64_t to_ms(Duration d) {
  return std::chrono::duration_cast<milliseconds>(d).count();
}

}  // namespace dray
