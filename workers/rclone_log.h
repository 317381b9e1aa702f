// Bytes of rclone's standard error in, typed records out. Pure: no I/O, no clock.
//
// Not thread-safe; one reader per stream. Memory is bounded: one unfinished line (kMaxLine) and
// simdjson's buffers for it. Lines are parsed where they lie; only a line that ends within
// simdjson's padding of the chunk's end, or spans chunks, is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "workers/rclone_events.h"

namespace dray {

class LogReader {
 public:
  // The longest line seen in real logs is 5.9 kB (24 transfers at once).
  static constexpr size_t kMaxLine = 1 << 20;
  static constexpr size_t kMaxCurrentFiles = 64;

  LogReader();
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  // Any bytes, cut anywhere. Calls the handler for every line that has ended.
  void feed(std::span<const char> bytes, LogHandler& handler);
  // The stream has ended: hands out the last line if it lacks its newline.
  void finish(LogHandler& handler);

  uint64_t lines() const { return lines_; }
  // Lines longer than kMaxLine; their content is lost.
  uint64_t discarded_lines() const { return discarded_lines_; }

 private:
  class Json;
  // Smaller chunks are read line by line.
  static constexpr size_t kLeastBatch = 2048;

  // A run of whole records at the front of `bytes`; returns its length.
  size_t feed_batch(std::string_view bytes, LogHandler& handler);
  // One line without its newline.
  void feed_line(std::string_view line, size_t readable, LogHandler& handler);
  void keep(std::string_view part);
  void finish_kept(LogHandler& handler);
  // `readable`: how many bytes from line.data() on may be read.
  void parse(std::string_view line, size_t readable, LogHandler& handler);

  std::unique_ptr<Json> json_;
  std::string kept_;  // the beginning of a line whose newline has not arrived
  bool discarding_ = false;
  uint64_t lines_ = 0;
  uint64_t discarded_lines_ = 0;
};

}  // namespace dray
