// Where an archive's files come from: the items of a listing one after the other, in its order,
// each with its content. One thread pulls; what happens ahead of it is the source's own business.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "daemon/base/result.h"
#include "workers/archive_item.h"

namespace dray::worker {

struct SourceFile {
  ArchiveItem item;
  std::string name;              // in the archive: raw bytes
  uint64_t size = 0;             // how many bytes read() gives, unless it breaks off
  uint32_t mode = 0;             // permission bits
  std::optional<Error> problem;  // it cannot be read; read() must not be called
};

class ArchiveSource {
 public:
  virtual ~ArchiveSource() = default;
  // Blocks until the next item can be read or is known not to be. False: that was all. An error is
  // the end of the source as a whole. What read() has not given of the item before is dropped.
  virtual Result<bool> next(SourceFile& file) = 0;
  // Blocks. The next bytes, valid until the next call; empty after the last. An error concerns this
  // file only: it broke off, or changed while it was read.
  virtual Result<std::span<const char>> read() = 0;
  // From any thread: calls that wait return an error, now and from now on.
  virtual void interrupt() = 0;
};

inline constexpr uint32_t kDefaultFileMode = 0644;
inline constexpr uint32_t kDefaultDirectoryMode = 0755;

}  // namespace dray::worker
