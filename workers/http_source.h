// Files of a remote, fetched ahead of who reads them from one rclone that serves the remote on
// loopback: many at once over connections that are kept, so that thousands of small objects cost no
// process and no round trip each. What was fetched waits in order, within a budget of memory; a
// large file flows through it.
//
// A file that breaks off is asked for again from where it stopped. A file that cannot be had is
// handed out with its problem, and the others go on.
//
// next() and read() belong to one thread; the fetching has a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/base/time.h"
#include "workers/archive_source.h"

namespace dray::worker {

struct HttpSourceOptions {
  uint16_t port = 0;           // on 127.0.0.1
  std::string authorization;   // the whole header's value
  uint32_t connections = 16;   // files fetched at the same time
  uint64_t budget = 64 << 20;  // bytes that wait to be read; exceeded by one chunk a connection
  // An answer that says nothing for so long is given up: longer than rclone's own attempts take.
  Duration silence = seconds{300};
  Duration retry_pause = seconds{1};  // doubles
};

class HttpSource final : public ArchiveSource {
 public:
  HttpSource(HttpSourceOptions options, ItemReader items);
  ~HttpSource() override;

  Result<bool> next(SourceFile& file) override;
  Result<std::span<const char>> read() override;
  void interrupt() override;

  static constexpr int kTries = 3;
  // So many files in a row that could not be had for reasons that may pass: the source is away.
  static constexpr int kMaxFailuresInRow = 64;
  // Of a file whose size nobody knows before it was read: some documents are made on request. A tar
  // header needs the size, so it has to fit into memory.
  static constexpr uint64_t kMaxUnsized = 32 << 20;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

// "/a%20b/c": every byte that is not plain is escaped.
std::string url_path(std::string_view path);

}  // namespace dray::worker
