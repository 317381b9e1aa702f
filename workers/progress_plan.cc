#include "workers/progress_plan.h"

#include <algorithm>
#include <cmath>

namespace dray::worker {
namespace {

// An earlier run with much more or less to do says little: the proportion is kept in bounds.
constexpr double kMostScale = 10;

double scale(const Progress& progress, const LearnedCounts& learned) {
  const bool known = !progress.totals_are_lower_bounds && progress.bytes_total > 0;
  if (!known || learned.bytes == 0) return 1;
  return std::clamp(static_cast<double>(progress.bytes_total) / static_cast<double>(learned.bytes),
                    1 / kMostScale, kMostScale);
}

}  // namespace

void ProgressParts::enter(std::string_view name) {
  title_ = name;
  done_ = total_ = 0;
  const auto found = config_.commands.find(name);
  if (found == config_.commands.end()) {
    from_ = to_ = percent_;
    return;
  }
  title_ = found->second.title;
  from_ = found->second.from;
  to_ = found->second.to;
  percent_ = std::max(percent_, from_);
}

void ProgressParts::progress(uint64_t done, uint64_t total) {
  done_ = done;
  total_ = total;
  if (total == 0) return;
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  percent_ = std::max(percent_, from_ + (to_ - from_) * part);
}

int64_t seconds_left(const Progress& progress, const LearnedCounts& learned) {
  if (learned.duration_ms == 0) return progress.eta_seconds;
  const double whole = static_cast<double>(learned.duration_ms) * scale(progress, learned);
  const double left = std::max(0.0, whole - static_cast<double>(progress.elapsed_ms)) / 1000;
  const double sure = std::clamp(progress.percent, 0.0, 100.0) / 100;
  // Later than ever before: only what is seen now says anything.
  if (left <= 0) return progress.eta_seconds;
  if (progress.eta_seconds < 0) return std::llround(left);
  return std::llround(static_cast<double>(progress.eta_seconds) * sure + left * (1 - sure));
}

}  // namespace dray::worker
