// What an archive is made of: the source's listing, kept as a compressed file in the run's private
// directory, so that memory does not grow with the number of files.
//
// ItemWriter and ItemReader block on that file. One thread each; the reader may be another one than
// the writer's, after finish().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/base/result.h"

namespace dray::worker {

struct ArchiveItem {
  static constexpr uint64_t kUnknownSize = UINT64_MAX;  // told only by reading it

  std::string path;  // relative, '/' between names, in rclone's spelling
  uint64_t size = 0;
  int64_t mtime_ns = 0;  // since 1970
  bool is_dir = false;
};

// A time as whole seconds, rounded down, and the nanoseconds behind them.
struct SplitTime {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
};
constexpr SplitTime split_time(int64_t ns) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  const int64_t rest = (ns % kPerSecond + kPerSecond) % kPerSecond;
  return {(ns - rest) / kPerSecond, rest};
}

class ItemWriter {
 public:
  // A new file.
  static Result<ItemWriter> create(const std::string& path);
  ~ItemWriter();
  ItemWriter(ItemWriter&&) noexcept;
  ItemWriter& operator=(ItemWriter&&) noexcept;

  Status add(const ArchiveItem& item);
  Status finish();

 private:
  struct Impl;
  explicit ItemWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class ItemReader {
 public:
  static Result<ItemReader> open(const std::string& path);
  ~ItemReader();
  ItemReader(ItemReader&&) noexcept;
  ItemReader& operator=(ItemReader&&) noexcept;

  // False at the end.
  Result<bool> next(ArchiveItem& item);

 private:
  struct Impl;
  explicit ItemReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
