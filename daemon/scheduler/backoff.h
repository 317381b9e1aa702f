// How long to wait before the next attempt: exponential with jitter, so that what failed together
// does not come back together. Pure.
#pragma once

#include <cstdint>

#include "daemon/base/time.h"
#include "schemas/job.h"

namespace dray::scheduler {

// A small seeded generator (splitmix64). The same seed gives the same numbers everywhere.
class Jitter {
 public:
  explicit Jitter(uint64_t seed) : state_(seed) {}
  uint64_t next();
  // `base` plus or minus up to `percent`, evenly spread.
  Duration around(Duration base, int percent);

 private:
  uint64_t state_;
};

inline constexpr int kBackoffJitterPercent = 25;

// Before the attempt that follows `failed` failed ones (at least 1): backoff_seconds, doubled with
// each further failure, at most backoff_max_seconds, plus or minus kBackoffJitterPercent.
Duration backoff(const RetryPolicy& policy, uint32_t failed, Jitter& jitter);

}  // namespace dray::scheduler
