// The directory of raw logs (worker.log_dir): packs the logs of ended attempts, serves ranges of
// them, deletes them by age.
//
// A packed log, RUN-ATTEMPT.jsonl.zst, is a row of zstd frames (`zstdcat` reads it), each of
// kSliceBytes, so that any range costs the decompression of what it touches; before them a
// skippable frame holds the LogShape.
//
// All calls block on the disk; PackJob works in slices for the sake of the loop. One object per
// directory, one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"
#include "workers/run_log.h"

namespace dray::worker {

class PackJob {
 public:
  // Takes the log over; its plain files are removed at the end.
  explicit PackJob(std::unique_ptr<RunLog> log);
  // One slice of work, some milliseconds; true: done. After an error the plain files stay.
  Result<bool> step();
  const RunLog& log() const { return *log_; }

 private:
  Status begin();
  Status finish();

  std::unique_ptr<RunLog> log_;
  UniqueFd out_;
  uint64_t offset_ = 0;
};

class LogStore {
 public:
  LogStore(std::string dir, uint64_t max_bytes);

  // Makes the directory, and packs what an earlier life of this worker left unpacked.
  Status open();
  // For logs that begin from now on.
  void set_max_bytes(uint64_t max_bytes) { max_bytes_ = max_bytes; }
  std::unique_ptr<RunLog> create(RunId run, uint32_t attempt) const;
  // Of an ended attempt. not_found: there is none (any more).
  Result<LogChunk> read(RunId run, uint32_t attempt, uint64_t offset, size_t max) const;
  // Removes logs that have not been written to for `keep`; returns how many.
  Result<size_t> remove_older_than(Duration keep, WallTime now) const;

  // Of the plain log.
  std::string path(RunId run, uint32_t attempt) const;

  // How much one frame holds.
  static constexpr size_t kSliceBytes = 256 << 10;
  // What one answer carries at most, well below limits::kMaxFrameBytes.
  static constexpr size_t kMaxChunk = 256 << 10;

 private:
  Status recover(const std::string& path) const;

  std::string dir_;
  uint64_t max_bytes_;
};

// The live or the packed log as an answer; `live` is null for an attempt
// that has ended.
LogChunk read_log(const LogStore& store, const RunLog* live, const LogRead& question);

}  // namespace dray::worker
