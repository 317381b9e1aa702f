// Who may use how much bandwidth: weighted max-min fair sharing under caps, and what a run needs as
// far as its use tells. Pure.
//
// Every run belongs to groups with caps (all runs, its client's, its job's). All shares rise
// together, in step with their weights; a run stops rising when it has what it wants or when a
// group that it belongs to is used up. What is left when nobody wants more is spread in the same
// way, so that a run which begins to need more has room at once. So:
//   * no group's shares add up to more than its cap,
//   * no run can get more without taking from one that has no more than it per weight, or whose
//     wish would then not be met,
//   * bandwidth stays unused only where no run could use it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/time.h"

namespace dray::scheduler {

inline constexpr uint64_t kNoCap = UINT64_MAX;
// With less than this for each of its runs a cap admits no further one (but always one).
inline constexpr uint64_t kBandwidthFloor = 64'000;

struct ShareRun {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint64_t weight = 1;  // at least 1
  uint64_t wants = kNoCap;
  std::array<uint32_t, 3> groups{kNone, kNone, kNone};  // indexes of caps
};

// Bytes per second for each run; kNoCap for one that no cap concerns. `caps` by group, kNoCap or
// bytes per second. Some runs times the number of distinct bottlenecks of work.
std::vector<uint64_t> share_out(std::span<const ShareRun> runs, std::span<const uint64_t> caps);

// What a run uses of its share, from the bytes that it reports now and then, and what it wants.
//
// A run that uses nearly all it may use wants more. One that does not wants what it used lately and
// some headroom: with a quarter more than it needs it stays below the mark at which it counts as
// limited by its share, until it really speeds up.
class Usage {
 public:
  // Uses this part of its share or more: limited by it.
  static constexpr uint64_t kLimitedPercent = 85;
  static constexpr uint64_t kHeadroomPercent = 125;
  // On top, bytes per second: even a run that does nothing can begin to.
  static constexpr uint64_t kLeastWish = 64'000;
  // After its share was raised a run gets this time to speed up before it is judged.
  static constexpr Duration kSettle = seconds{1};
  // What was used before this is forgotten.
  static constexpr size_t kSamples = 2;
  // Bytes are counted in pieces of 32 KiB, by some remotes of 1 MiB or more: that a run stays below
  // its share shows only where its share is many of the small ones. A slow run is judged after
  // kLongestSample all the same.
  static constexpr uint64_t kSampleBytes = 500'000;
  static constexpr Duration kShortestSample = milliseconds{900};  // bursts are evened out
  static constexpr Duration kLongestSample = seconds{4};
  // A run of which nothing new is heard for so long transfers nothing: it lists, or compares.
  static constexpr Duration kSilence = seconds{4};

  // From now on it may use `share` bytes per second (kNoCap: as much as it can).
  void set_share(uint64_t share, Instant now);
  // `bytes`: transferred since the attempt began; `elapsed_ms`: when that was counted, by the
  // attempt's own time.
  void report(uint64_t bytes, int64_t elapsed_ms, Instant now);

  // kNoCap: as much as there is.
  uint64_t wants() const;
  // Bytes per second, lately. 0 before two reports.
  uint64_t rate() const;

 private:
  // What was counted at one moment of the attempt.
  struct Count {
    uint64_t bytes = 0;
    int64_t elapsed_ms = -1;  // -1: nothing yet
    Instant at{};
    uint64_t rate_since(const Count& earlier) const;
  };
  struct Sample {
    uint64_t rate = 0;
    bool limited = false;
  };
  bool tells_enough(const Count& count) const;
  void add(Sample sample) { samples_[count_++ % kSamples] = sample; }

  uint64_t share_ = kNoCap;
  Instant settled_at_{};
  Count last_;
  Count sample_start_;
  uint64_t last_rate_ = 0;
  std::array<Sample, kSamples> samples_{};
  size_t count_ = 0;  // samples since the share was raised
};

}  // namespace dray::scheduler
