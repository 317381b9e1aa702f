// What the benchmark programs share: arguments, the clock, percentiles, and the one line of JSON
// that each measurement prints for tests/bench/*.py to make ratios of.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace dray::bench {

inline Instant now() {
  return SystemClock{}.now().mono;
}
inline double seconds_since(Instant start) {
  return std::chrono::duration<double>(now() - start).count();
}
inline double to_us(Duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

// Ends the program when the bench itself cannot go on; the text goes to the table.
[[noreturn]] inline void give_up(std::string_view why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) give_up(status.error().message);
}

// "program VERB --name value ...".
class Arguments {
 public:
  Arguments(int argc, char** argv) {
    if (argc > 1) verb_ = argv[1];
    for (int i = 2; i + 1 < argc; i += 2)
      values_[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  const std::string& verb() const { return verb_; }
  std::string text(const std::string& name, std::string fallback = "") const {
    const auto found = values_.find(name);
    return found == values_.end() ? fallback : found->second;
  }
  uint64_t number(const std::string& name, uint64_t fallback) const {
    const std::string value = text(name);
    uint64_t out = fallback;
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
  }

 private:
  std::string verb_;
  std::map<std::string, std::string> values_;
};

// Sorts `values`.
inline double percentile(std::vector<double>& values, double percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(percent / 100 * static_cast<double>(values.size() - 1));
  return values[at];
}

class Report {
 public:
  Report& add(std::string_view name, double value) {
    text_ += fmt::format("{}\"{}\": {}", text_.empty() ? "" : ", ", name, value);
    return *this;
  }
  Report& percentiles(std::string_view name, std::vector<double>& values) {
    add(fmt::format("{}_p50", name), percentile(values, 50));
    return add(fmt::format("{}_p99", name), percentile(values, 99));
  }
  void print() const {
    fmt::print("{{{}}}\n", text_);
    std::fflush(stdout);
  }

 private:
  std::string text_;
};

}  // namespace dray::bench
