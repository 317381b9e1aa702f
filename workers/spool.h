// Results that nobody has acknowledged yet, on disk (worker.spool_dir), and the epoch of this
// worker beside them. All calls block; one object per directory, one thread.
//
// The results of one loop turn become one file, so that many short runs share two fsyncs. A file
// goes when all of its results are acknowledged; that removal is not made durable, because sending
// a result once too often does no harm.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"

namespace dray::worker {

class ResultSpool {
 public:
  explicit ResultSpool(std::string dir);

  // Makes the directory and reads what is in it. A damaged file is renamed to NAME.damaged and
  // named in `problems`; the others count all the same.
  Result<std::vector<AttemptResult>> open(std::vector<std::string>& problems);
  // Durable when it returns.
  Status put(std::span<const AttemptResult> results);
  void remove(const Token& token);

  // Results per file, below limits::kMaxMessagesPerFrame and, at 20 kB each, kMaxFrameBytes.
  static constexpr size_t kMaxPerFile = 32;

 private:
  std::string path(uint64_t number) const;

  std::string dir_;
  uint64_t next_ = 1;
  std::map<Token, uint64_t> file_of_;
  std::map<uint64_t, size_t> left_in_;
};

// One more than the number in DIR/epoch, which it replaces, durably. At least the time in seconds,
// so that it rises even when the directory was lost.
Result<uint64_t> next_epoch(const std::string& dir, WallTime now);

}  // namespace dray::worker
