// A share of many paths, chosen by a hash of each with a seed: the same run chooses the same files
// again, another run chooses others. Never empty when there is any path. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dray::worker {

class PathSample {
 public:
  // The list stops growing here; what is beyond is not sampled.
  static constexpr size_t kMaxListBytes = 16 << 20;

  PathSample(uint32_t percent, uint64_t seed) : percent_(percent), seed_(seed) {}
  void offer(std::string_view path);
  void finish();
  bool empty() const { return list_.empty(); }
  const std::string& list() const { return list_; }  // one path on each line

 private:
  uint32_t percent_;
  uint64_t seed_;
  std::string list_;
  std::string nearest_;  // to being chosen, in case nothing is
  uint64_t nearest_rank_ = UINT64_MAX;
};

}  // namespace dray::worker
