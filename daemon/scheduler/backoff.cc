#include "daemon/scheduler/backoff.h"

#include <algorithm>

namespace dray::scheduler {

uint64_t Jitter::next() {
  state_ += 0x9E3779B97F4A7C15ull;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

Duration Jitter::around(Duration base, int percent) {
  constexpr int64_t kSteps = 1000;  // per percent
  const int64_t span = 2 * percent * kSteps + 1;
  const int64_t step = static_cast<int64_t>(next() % static_cast<uint64_t>(span));
  return base + base / (100 * kSteps) * (step - percent * kSteps);
}

Duration backoff(const RetryPolicy& policy, uint32_t failed, Jitter& jitter) {
  const uint64_t cap = std::max(policy.backoff_max_seconds, policy.backoff_seconds);
  const uint32_t doublings = failed == 0 ? 0 : std::min(failed - 1, uint32_t{31});
  const uint64_t wait = std::min<uint64_t>(uint64_t{policy.backoff_seconds} << doublings, cap);
  return jitter.around(seconds{wait}, kBackoffJitterPercent);
}

}  // namespace dray::scheduler
