// The full raw log of one attempt on disk: what rclone wrote, except the stats record of every
// second, of which the first, the last and one a minute are kept (progress lives elsewhere).
//
// Offsets count the kept stream from its beginning. When it grows over `max_bytes`, its head and
// its tail stay and the middle is dropped: reading there gives a note and goes on at the tail.
//
// A disk that refuses never stops a run: what could not be written is counted and left out.
// Files in the log directory (see log_store.h): RUN-ATTEMPT.jsonl (head), .jsonl.1 and .jsonl.2
// (tail) while the attempt lives; RUN-ATTEMPT.jsonl.zst afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "workers/log_excerpt.h"

namespace dray::worker {

// Where the kept parts of a log lie in the stream.
struct LogShape {
  uint64_t head = 0;        // bytes [0, head) are kept
  uint64_t tail_begin = 0;  // bytes [tail_begin, total) are kept; == head when nothing was dropped
  uint64_t total = 0;
  friend bool operator==(const LogShape&, const LogShape&) = default;
};

class RunLog {
 public:
  // `path` ends in ".jsonl"; an old file of that name is replaced. A file that cannot be made is
  // reported by problem(); the log then only counts and makes the excerpt.
  RunLog(std::string path, uint64_t max_bytes);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  // Any bytes, cut anywhere.
  void write(std::span<const char> bytes, Instant now);
  // Writes what is held back. Nothing may be written afterwards.
  void finish();

  const LogShape& shape() const { return shape_; }
  // Bytes that the disk refused; they are not part of the stream.
  uint64_t refused_bytes() const { return refused_; }
  // Why the first of them was refused; "" when none was.
  const std::string& problem() const { return problem_; }
  std::string excerpt() const { return excerpt_.text(); }
  const std::string& path() const { return path_; }

  // Kept bytes from `offset` on, at most `max`; `offset` moves to where the next read goes on, over
  // a dropped part too. Empty at the end.
  Result<std::string> read(uint64_t& offset, size_t max) const;

  static constexpr Duration kStatsEvery = minutes{1};

 private:
  void take_line(std::string_view line, Instant now);
  void append(std::string_view bytes);
  bool write_file(int fd, std::string_view bytes);
  bool next_segment();

  std::string path_;
  uint64_t half_;  // size of the head, and of the two tail files together
  UniqueFd head_;
  UniqueFd tail_[2];  // the older and the newer one
  uint64_t tail_size_[2] = {0, 0};
  LogShape shape_;
  uint64_t refused_ = 0;
  std::string problem_;
  LogExcerpt excerpt_;
  std::string partial_;        // a line without its end
  bool in_long_line_ = false;  // which is written as it comes
  std::string held_stats_;     // the last one that was left out
  std::optional<Instant> stats_kept_at_;
};

}  // namespace dray::worker
