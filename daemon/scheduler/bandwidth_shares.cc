#include "daemon/scheduler/bandwidth_shares.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dray::scheduler {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

double amount(uint64_t bytes) {
  return bytes == kNoCap ? kInfinite : static_cast<double>(bytes);
}

// Raises all shares together until each is at its limit or in a group that is used up.
class Fill {
 public:
  Fill(std::span<const ShareRun> runs, std::span<const uint64_t> caps)
      : runs_(runs), shares_(runs.size(), 0.0), used_up_(caps.size(), false) {
    for (const uint64_t cap : caps)
      left_.push_back(amount(cap));
  }

  void raise(bool up_to_wishes) {
    rising_.clear();
    for (size_t i = 0; i < runs_.size(); ++i)
      if (can_rise(i, limit(i, up_to_wishes))) rising_.push_back(i);
    while (!rising_.empty()) {
      const double step = next_step(up_to_wishes);
      for (const size_t i : rising_)
        add(i, step);
      if (step == kInfinite) return;
      std::erase_if(rising_, [&](size_t i) { return !can_rise(i, limit(i, up_to_wishes)); });
    }
  }

  std::vector<uint64_t> result(std::span<const uint64_t> caps) const {
    std::vector<uint64_t> out;
    for (const double share : shares_)
      out.push_back(share == kInfinite ? kNoCap : static_cast<uint64_t>(share + kRounding));
    for (uint32_t group = 0; group < caps.size(); ++group)
      trim(group, caps[group], out);
    return out;
  }

 private:
  // Far below a byte, far above what sums of doubles of this size lose.
  static constexpr double kRounding = 1e-3;

  double limit(size_t i, bool up_to_wishes) const {
    return up_to_wishes ? amount(runs_[i].wants) : kInfinite;
  }

  bool can_rise(size_t i, double limit) const {
    if (shares_[i] + kRounding >= limit) return false;
    return std::ranges::none_of(runs_[i].groups, [&](uint32_t group) {
      return group != ShareRun::kNone && used_up_[group];
    });
  }

  // How far all can rise, per weight, before the first must stop; marks the groups that end it.
  double next_step(bool up_to_wishes) {
    std::vector<double> weights(left_.size(), 0.0);
    double step = kInfinite;
    for (const size_t i : rising_) {
      const double weight = static_cast<double>(runs_[i].weight);
      for (const uint32_t group : runs_[i].groups)
        if (group != ShareRun::kNone) weights[group] += weight;
      step = std::min(step, (limit(i, up_to_wishes) - shares_[i]) / weight);
    }
    for (size_t group = 0; group < left_.size(); ++group)
      if (weights[group] > 0) step = std::min(step, std::max(left_[group], 0.0) / weights[group]);
    if (step == kInfinite) return step;
    for (size_t group = 0; group < left_.size(); ++group)
      if (weights[group] > 0 && left_[group] - step * weights[group] <= kRounding)
        used_up_[group] = true;
    return step;
  }

  void add(size_t i, double step) {
    if (step == kInfinite) {
      shares_[i] = kInfinite;
      return;
    }
    const double more = step * static_cast<double>(runs_[i].weight);
    shares_[i] += more;
    for (const uint32_t group : runs_[i].groups)
      if (group != ShareRun::kNone) left_[group] -= more;
  }

  // Rounding may have given a group a few bytes too many.
  void trim(uint32_t group, uint64_t cap, std::vector<uint64_t>& out) const {
    if (cap == kNoCap) return;
    uint64_t sum = 0;
    const auto is_member = [&](size_t i) {
      return std::ranges::find(runs_[i].groups, group) != runs_[i].groups.end();
    };
    for (size_t i = 0; i < out.size(); ++i)
      if (is_member(i)) sum += out[i];
    for (size_t i = 0; i < out.size() && sum > cap; ++i) {
      if (!is_member(i)) continue;
      const uint64_t less = std::min(out[i], sum - cap);
      out[i] -= less;
      sum -= less;
    }
  }

  std::span<const ShareRun> runs_;
  std::vector<double> shares_;
  std::vector<double> left_;
  std::vector<bool> used_up_;
  std::vector<size_t> rising_;
};

}  // namespace

std::vector<uint64_t> share_out(std::span<const ShareRun> runs, std::span<const uint64_t> caps) {
  Fill fill(runs, caps);
  fill.raise(true);
  fill.raise(false);
  return fill.result(caps);
}

void Usage::set_share(uint64_t share, Instant now) {
  const bool raised = share > share_ && (share == kNoCap || share - share_ > share_ / 20);
  share_ = share;
  if (!raised) return;
  settled_at_ = now + kSettle;
  sample_start_ = last_;
  count_ = 0;
}

uint64_t Usage::Count::rate_since(const Count& earlier) const {
  return (bytes - earlier.bytes) * 1000 / static_cast<uint64_t>(elapsed_ms - earlier.elapsed_ms);
}

// Whether a run at its share would have moved enough since the sample began.
bool Usage::tells_enough(const Count& count) const {
  const int64_t lasted_ms = count.elapsed_ms - sample_start_.elapsed_ms;
  return milliseconds{lasted_ms} >= kLongestSample ||
         static_cast<uint64_t>(lasted_ms) >= kSampleBytes * 1000 / std::max<uint64_t>(share_, 1);
}

void Usage::report(uint64_t bytes, int64_t elapsed_ms, Instant now) {
  const Count count{bytes, elapsed_ms, now};
  if (last_.elapsed_ms < 0 || elapsed_ms < last_.elapsed_ms || bytes < last_.bytes) {
    last_ = sample_start_ = count;
    return;
  }
  if (elapsed_ms == last_.elapsed_ms) {  // the same picture again
    if (now - last_.at < kSilence) return;
    last_rate_ = 0;
    last_.at = now;
    if (now - kSilence >= settled_at_) add({});
    return;
  }
  last_rate_ = count.rate_since(last_);
  last_ = count;
  if (sample_start_.at < settled_at_) {
    sample_start_ = count;
    return;
  }
  if (milliseconds{elapsed_ms - sample_start_.elapsed_ms} < kShortestSample) return;
  const uint64_t rate = count.rate_since(sample_start_);
  const bool limited = share_ != kNoCap && rate >= share_ / 100 * kLimitedPercent;
  if (!limited && !tells_enough(count)) return;
  add({rate, limited});
  sample_start_ = count;
}

uint64_t Usage::wants() const {
  if (share_ == kNoCap || count_ < kSamples) return kNoCap;
  uint64_t most = 0;
  for (const Sample& sample : samples_) {
    if (sample.limited) return kNoCap;
    most = std::max(most, sample.rate);
  }
  return most / 100 * kHeadroomPercent + kLeastWish;
}

uint64_t Usage::rate() const {
  return last_rate_;
}

}  // namespace dray::scheduler
