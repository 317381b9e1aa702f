// The end of what a program said, in bounded memory. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dray::worker {

class OutputTail {
 public:
  static constexpr size_t kMaxBytes = 4096;

  void add(std::string_view text);
  void add_bytes(std::span<const char> bytes) { add({bytes.data(), bytes.size()}); }
  // On one line, free of controls and secrets, at most kMaxShownText bytes: the newest of it.
  std::string shown() const;

 private:
  std::string text_;
};

}  // namespace dray::worker
