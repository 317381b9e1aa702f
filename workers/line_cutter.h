// Cuts what a program writes into lines. Memory is bounded: the rest of a line that is too long is
// dropped. Pure.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace dray::worker {

class LineCutter {
 public:
  explicit LineCutter(size_t max_line) : max_line_(max_line) {}

  // `take(std::string_view)` gets each line that is whole, without its end.
  template <class Take>
  void feed(std::span<const char> bytes, Take&& take) {
    while (!bytes.empty()) {
      const auto end = std::ranges::find(bytes, '\n');
      const size_t size = static_cast<size_t>(end - bytes.begin());
      line_.append(bytes.data(), std::min(size, max_line_ - line_.size()));
      if (end == bytes.end()) return;
      take(std::string_view(line_));
      line_.clear();
      bytes = bytes.subspan(size + 1);
    }
  }
  // After the last byte: what has no end is a line as well.
  template <class Take>
  void finish(Take&& take) {
    if (line_.empty()) return;
    take(std::string_view(line_));
    line_.clear();
  }

 private:
  size_t max_line_;
  std::string line_;
};

}  // namespace dray::worker
