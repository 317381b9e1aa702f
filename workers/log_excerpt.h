// The few lines of a log that are kept in the database: its beginning, its errors and its end.
// Pure, bounded memory.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace dray::worker {

class LogExcerpt {
 public:
  // Without its newline; in order. Long lines are cut.
  void add(std::string_view line);
  // At most limits::kMaxLogExcerptBytes, one clean line each (no controls, no secrets), with a note
  // where lines were left out.
  std::string text() const;

  static constexpr size_t kMaxLine = 1024;
  static constexpr size_t kHeadBytes = 4 << 10;
  static constexpr size_t kErrorBytes = 5 << 10;
  static constexpr size_t kTailBytes = 5 << 10;

 private:
  struct Line {
    uint64_t number;
    std::string text;
  };
  uint64_t count_ = 0;
  std::vector<Line> head_;
  std::vector<Line> errors_;
  std::deque<Line> tail_;
  size_t head_bytes_ = 0;
  size_t error_bytes_ = 0;
  size_t tail_bytes_ = 0;
};

}  // namespace dray::worker
