// Makes an archive: pulls files from a source, writes tar, compresses and hands volumes out, on a
// thread of its own, because reading, the pipe and the libraries block. Memory is that of the
// libraries' windows and the source's budget, whatever the size.
//
// Handlers are called on that thread. Everything else may be called from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "workers/archive_names.h"
#include "workers/archive_source.h"
#include "workers/volume_sink.h"

namespace dray::worker {

// Grows while the packer works.
struct PackCounts {
  uint64_t files = 0;     // in the archive, damaged ones included
  uint64_t bytes = 0;     // of their content
  uint64_t problems = 0;  // files that are missing or damaged
  uint64_t missing = 0;   // of these
  std::string current;    // name of the file that is read
  uint64_t current_bytes = 0;
  uint64_t current_size = 0;
};

struct PackOptions {
  int level = 3;
  int compressors = 1;        // threads
  uint64_t volume_bytes = 0;  // 0: one volume
  std::optional<DigestKind> other_hash;
  std::string manifest;  // file to write
  ArchiveNames names;
};

class ArchivePacker {
 public:
  struct Handlers {
    std::function<void(uint32_t number)> volume_wanted;  // answered by provide()
    std::function<void(const Volume&)> volume_ended;
    std::function<void(const std::string& path, const std::string& problem)> problem;
    std::function<void(Status)> ended;  // the last call of all
  };

  ArchivePacker(PackOptions options, std::unique_ptr<ArchiveSource> source, Handlers handlers);
  // Interrupts and waits. Whoever reads a volume's pipe must have ended, or read on.
  ~ArchivePacker();
  ArchivePacker(const ArchivePacker&) = delete;
  ArchivePacker& operator=(const ArchivePacker&) = delete;

  void start();
  void provide(UniqueFd pipe);
  void interrupt();
  PackCounts counts() const;
  // An upload ended while it was written to.
  bool upload_broke() const { return sink_.broken(); }

 private:
  struct Pack;
  Status run();

  const PackOptions options_;
  std::unique_ptr<ArchiveSource> source_;
  const Handlers handlers_;
  VolumeSink sink_;
  mutable std::mutex mutex_;
  PackCounts counts_;
  std::thread thread_;
};

}  // namespace dray::worker
