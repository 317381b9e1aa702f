// One tar archive in pax format, written as a stream: modification times to the nanosecond, names
// of any bytes and any length. Uses libarchive. Any thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "daemon/base/result.h"
#include "workers/zstd_stream.h"

namespace dray::worker {

struct TarEntry {
  std::string path;  // raw bytes, relative
  bool is_dir = false;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  uint32_t mode = 0;  // permission bits
};

// What one entry takes beside its content, at most on average: a pax header, its records, a header,
// and the padding to 512 bytes.
inline constexpr uint64_t kTarEntryBytes = 2048;

class TarStream {
 public:
  explicit TarStream(ByteSink sink);
  ~TarStream();
  TarStream(const TarStream&) = delete;
  TarStream& operator=(const TarStream&) = delete;

  // invalid: an entry that tar cannot express; another one may follow. Anything else is the sink's
  // error, and the end.
  Status begin(const TarEntry& entry);
  // At most as many bytes as announced.
  Status write(std::span<const char> bytes);
  // Fills up with zeros what was announced and not written.
  Status end();
  Status finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
