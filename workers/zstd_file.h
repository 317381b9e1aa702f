// A compressed file written and read as a stream. All calls block; one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::worker {

class ZstdFileWriter {
 public:
  // A new file, 0600, not made durable.
  static Result<ZstdFileWriter> create(const std::string& path);
  ~ZstdFileWriter();
  ZstdFileWriter(ZstdFileWriter&&) noexcept;
  ZstdFileWriter& operator=(ZstdFileWriter&&) noexcept;

  Status write(std::string_view bytes);
  Status finish();

 private:
  struct Impl;
  explicit ZstdFileWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class ZstdFileReader {
 public:
  static Result<ZstdFileReader> open(const std::string& path);
  ~ZstdFileReader();
  ZstdFileReader(ZstdFileReader&&) noexcept;
  ZstdFileReader& operator=(ZstdFileReader&&) noexcept;

  // Fills `into` as far as there is content; how much.
  Result<size_t> read(std::span<char> into);

 private:
  struct Impl;
  explicit ZstdFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
