// Virtual time: one queue of what happens when. Things at the same instant happen in the order in
// which they were planned. True time is what a perfect clock would show; each node has its own.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "daemon/base/time.h"

namespace dray::sim {

class Timeline {
 public:
  Instant now() const { return now_; }
  void at(Instant when, std::function<void()> what) {
    queue_.push(Entry{std::max(when, now_), ++sequence_, std::move(what)});
  }
  void after(Duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }
  // Runs the next thing; false: nothing is planned before `end`, and it is `end` now.
  bool step(Instant end) {
    if (queue_.empty() || queue_.top().when > end) {
      now_ = end;
      return false;
    }
    const std::function<void()> what = queue_.top().what;
    now_ = queue_.top().when;
    queue_.pop();
    what();
    return true;
  }

 private:
  struct Entry {
    Instant when;
    uint64_t sequence;
    std::function<void()> what;
    bool operator<(const Entry& other) const {
      return std::tie(when, sequence) > std::tie(other.when, other.sequence);
    }
  };
  std::priority_queue<Entry> queue_;
  Instant now_{};
  uint64_t sequence_ = 0;
};

// The clocks of one machine: a boot clock that runs a little fast or slow and never jumps, and a
// wall clock that may be set.
struct NodeClock {
  int64_t drift_ppm = 0;
  Duration boot_offset{};
  WallTime wall_origin{};  // of true time 0
  Duration wall_jump{};

  Now at(Instant truth) const {
    const Duration t = truth.time_since_epoch();
    const Duration drifted = t + t / 1'000'000 * drift_ppm;
    return Now{Instant{boot_offset + drifted},
               wall_origin + std::chrono::duration_cast<microseconds>(drifted + wall_jump)};
  }
  // The machine is started anew: its boot clock begins again.
  void reboot(Instant truth) {
    boot_offset += Duration{seconds{1}} - at(truth).mono.time_since_epoch();
  }
  // How long in true time until the boot clock has moved on by `wait`; never too early.
  Duration in_truth(Duration wait) const {
    return wait - wait / 1'000'000 * drift_ppm + microseconds{1} +
           (wait / 1'000'000'000 * drift_ppm * drift_ppm);
  }
};

}  // namespace dray::sim
