// The one source of chance in a simulation: everything that is drawn comes from the seed.
#pragma once

#include <cmath>
#include <cstdint>

#include "daemon/base/time.h"

namespace dray::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // 0 to 1, 1 excluded.
  double unit() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }
  bool chance(double probability) { return unit() < probability; }
  int64_t between(int64_t low, int64_t high) {  // both included
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  template <class D1, class D2>
  Duration time(D1 low, D2 high) {
    return Duration{between(Duration{low}.count(), Duration{high}.count())};
  }
  // Mostly near the mean, sometimes far beyond it.
  Duration around(Duration mean) {
    return Duration{
        static_cast<int64_t>(-std::log(1.0 - unit()) * static_cast<double>(mean.count()))};
  }

 private:
  uint64_t state_;
};

}  // namespace dray::sim
