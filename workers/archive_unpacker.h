// Reads an archive back: volumes in, in their order, as a stream; files out. Small files are
// gathered in folders of bounded size, which somebody uploads at once; a large one flows through a
// pipe. Neither the archive nor what it holds is ever on disk as a whole.
//
// The archive may be hostile: only files and folders are made, never a link, and every one of them
// inside the folder that it is gathered in.
//
// Has a thread of its own, because libarchive and pipes block; handlers are called there. All other
// calls may be made from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray::worker {

struct UnpackedFile {
  std::string path;  // in the archive
  uint64_t size = 0;
  int64_t mtime_ns = 0;
};

struct UnpackOptions {
  std::string spool;  // an empty directory, private
  // So much is gathered, and twice so much lies there: one folder fills while the other uploads.
  uint64_t batch_bytes = 64 << 20;
  uint32_t batch_files = 1000;
  uint64_t large_bytes = 64 << 20;  // files from this size on flow through a pipe
  bool only_read = false;  // nothing is handed out: files are read to their ends and counted
  std::function<bool(std::string_view path)> wanted;  // of files; empty: all
  std::optional<DigestKind> digest;                   // of every file that is handed out
};

class ArchiveUnpacker {
 public:
  struct Handlers {
    std::function<void(uint32_t number)> volume_wanted;             // answered by provide_volume()
    std::function<void(const std::string& directory)> batch_ready;  // answered by batch_done()
    std::function<void(const UnpackedFile&)> pipe_wanted;           // answered by provide_pipe()
    std::function<void()> pipe_filled;                              // answered by batch_done()
    std::function<void(const std::string& path, const std::string& problem)> problem;
    // A file was read to its end. `digest`: in hex; empty: none was asked for. May be empty.
    std::function<void(const UnpackedFile&, const std::string& digest)> file;
    std::function<void(Status)> ended;  // the last call of all
  };

  ArchiveUnpacker(uint32_t volumes, UnpackOptions options, Handlers handlers);
  // Interrupts and waits. Whoever is at the other end of a pipe must have ended, or go on.
  ~ArchiveUnpacker();
  ArchiveUnpacker(const ArchiveUnpacker&) = delete;
  ArchiveUnpacker& operator=(const ArchiveUnpacker&) = delete;

  void start();
  void provide_volume(UniqueFd pipe);
  void provide_pipe(UniqueFd pipe);
  void batch_done();
  void interrupt();
  uint64_t files() const;
  uint64_t bytes() const;

 private:
  struct Unpack;
  template <class Ready>
  Status wait(Ready ready);
  Status run();

  const uint32_t volumes_;
  const UnpackOptions options_;
  const Handlers handlers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  UniqueFd volume_;
  UniqueFd pipe_;
  uint32_t busy_ = 0;  // batches and pipes that were handed out and are not done
  uint64_t files_ = 0;
  uint64_t bytes_ = 0;
  bool interrupted_ = false;
  std::thread thread_;
};

// Is it a name inside a folder: relative, without ".." and empty components?
bool stays_inside(std::string_view path);

}  // namespace dray::worker
