// What `rclone check --combined -` says, line by line: counts, and the first paths that are not the
// same on both sides. Pure; memory is bounded however many lines there are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workers/line_cutter.h"

namespace dray::worker {

struct CheckLine {
  enum class Kind : uint8_t { differs, missing, surplus, unreadable };
  Kind kind = Kind::differs;
  std::string path;  // hostile, as rclone spells it
};

class CheckReport {
 public:
  explicit CheckReport(size_t max_paths) : max_paths_(max_paths) {}

  void feed(std::span<const char> bytes);
  void finish();  // after the last byte

  uint64_t same() const { return same_; }
  uint64_t differs() const { return differs_; }
  uint64_t missing() const { return missing_; }        // not in the destination
  uint64_t surplus() const { return surplus_; }        // not in the source
  uint64_t unreadable() const { return unreadable_; }  // could not be compared
  uint64_t not_same() const { return differs_ + missing_ + surplus_ + unreadable_; }
  const std::vector<CheckLine>& lines() const { return lines_; }

  // A path of 32 KiB; the rest of a longer line is dropped.
  static constexpr size_t kMaxLine = 32 << 10;

 private:
  void take(std::string_view line);

  size_t max_paths_;
  LineCutter lines_in_{kMaxLine};
  uint64_t same_ = 0;
  uint64_t differs_ = 0;
  uint64_t missing_ = 0;
  uint64_t surplus_ = 0;
  uint64_t unreadable_ = 0;
  std::vector<CheckLine> lines_;
};

}  // namespace dray::worker
