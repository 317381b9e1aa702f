// Counts failed attempts to come in, per address and per account, and says when it is enough: a
// window of a minute that slides. Memory is bounded; what is forgotten first is what is oldest.
// Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/base/time.h"

namespace dray::notifier {

class AttemptLimiter {
 public:
  static constexpr Duration kWindow = seconds{60};
  static constexpr size_t kMaxKeys = 20'000;

  explicit AttemptLimiter(size_t limit) : limit_(limit) {}

  bool is_blocked(const std::string& key, Instant now);
  void count(const std::string& key, Instant now);

 private:
  void forget(Instant now);
  struct One {
    Instant at;
    std::string key;
  };

  size_t limit_;
  std::deque<One> attempts_;
  std::unordered_map<std::string, size_t> counts_;
};

}  // namespace dray::notifier
