// Results that nobody has acknowledged yet, on disk (worker.spool_dir), and the epoch of this
// worker beside them. All calls block; one object per directory, one thread.
//
// The results of one loop turn are appended to the current file and share one fdatasync. As soon as
// all of a file's results are acknowledged it is written from its beginning again, or goes when it
// is no longer the current one; neither is made durable, because sending a result once too often
// does no harm. So a worker that is never far behind overwrites the same blocks for ever.
//
// A file is a row of frames, each "u32 bytes, u64 checksum, envelopes", little-endian, and ends at
// its end or at a frame of 0 bytes. What follows the last whole frame was never confirmed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"

namespace dray::worker {

class ResultSpool {
 public:
  explicit ResultSpool(std::string dir);

  // Makes the directory and reads what is in it. A file that is damaged where it must not be is
  // renamed to NAME.damaged and named in `problems`; what can be read of it counts all the same.
  Result<std::vector<AttemptResult>> open(std::vector<std::string>& problems);
  // Durable when it returns.
  Status put(std::span<const AttemptResult> results);
  void remove(const Token& token);

  // Results per frame, below limits::kMaxMessagesPerFrame and, at 20 kB each, kMaxFrameBytes.
  static constexpr size_t kMaxPerFrame = 32;
  // A larger file is not continued.
  static constexpr size_t kFileBytes = 1 << 20;

 private:
  std::string path(uint64_t number) const;
  Status start_file();
  Status write(std::string_view bytes);

  std::string dir_;
  uint64_t next_ = 1;
  UniqueFd file_;  // the current one, `current_`; none: the next put() starts one
  uint64_t current_ = 0;
  size_t offset_ = 0;  // of the current file's end
  std::map<Token, uint64_t> file_of_;
  std::map<uint64_t, size_t> left_in_;
};

// One more than the number in DIR/epoch, which it replaces, durably. At least the time in seconds,
// so that it rises even when the directory was lost.
Result<uint64_t> next_epoch(const std::string& dir, WallTime now);

}  // namespace dray::worker
