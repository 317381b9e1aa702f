// zstd in and out of streams. Pure memory to memory; errors only when memory or data are bad. Any
// thread, one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "daemon/base/result.h"

namespace dray::worker {

using ByteSink = std::function<Status(std::span<const char>)>;

class ZstdCompressor {
 public:
  // `level` 1 to 19. With `workers` > 0 that many threads of the library compress, and write()
  // returns as soon as they have taken its bytes. `sink` gets what comes out, on the caller's
  // thread; its errors are write()'s and finish()'s.
  ZstdCompressor(int level, int workers, ByteSink sink);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  Status write(std::span<const char> bytes);
  Status finish();  // the frame's end and checksum

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ZstdDecompressor {
 public:
  explicit ZstdDecompressor(ByteSink sink);
  ~ZstdDecompressor();
  ZstdDecompressor(ZstdDecompressor&&) noexcept;
  ZstdDecompressor& operator=(ZstdDecompressor&&) noexcept;

  // corrupt: not zstd, or damaged.
  Status write(std::span<const char> bytes);
  // corrupt: the last frame is not complete.
  Status finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
