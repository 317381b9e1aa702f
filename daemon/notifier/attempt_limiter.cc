#include "daemon/notifier/attempt_limiter.h"

namespace dray::notifier {

void AttemptLimiter::forget(Instant now) {
  while (!attempts_.empty() &&
         (attempts_.front().at + kWindow <= now || attempts_.size() > kMaxKeys)) {
    const auto found = counts_.find(attempts_.front().key);
    if (--found->second == 0) counts_.erase(found);
    attempts_.pop_front();
  }
}

bool AttemptLimiter::is_blocked(const std::string& key, Instant now) {
  forget(now);
  const auto found = counts_.find(key);
  return found != counts_.end() && found->second >= limit_;
}

void AttemptLimiter::count(const std::string& key, Instant now) {
  attempts_.push_back({now, key});
  counts_[key] += 1;
  forget(now);
}

}  // namespace dray::notifier
