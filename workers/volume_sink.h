// The compressed stream on its way out: cut into volumes, each hashed while it is written into the
// pipe of whatever uploads it.
//
// write() and finish() block and belong to one thread, the writer's; its handlers are called there.
// provide() and interrupt() may be called from any thread. A blocked write to a pipe ends when the
// process that reads it does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray::worker {

struct Volume {
  uint32_t number = 0;  // from 1 on
  uint64_t size = 0;
  std::string sha256;  // hex
  std::string other;   // hex of the other hash, when one was asked for
};

class VolumeSink {
 public:
  struct Handlers {
    std::function<void(uint32_t number)> wanted;  // answered by provide()
    std::function<void(const Volume&)> ended;     // all of it is in the pipe
  };

  // `limit`: bytes per volume; 0: one volume. `other`: a hash that the destination can tell too.
  VolumeSink(uint64_t limit, std::optional<DigestKind> other, Handlers handlers);

  // unavailable: the pipe's reader has ended (broken()). conflict: interrupted.
  Status write(std::span<const char> bytes);
  // Ends the last volume. Nothing written at all: one empty volume.
  Status finish();

  void provide(UniqueFd pipe);
  void interrupt();
  uint64_t bytes() const { return bytes_; }
  bool broken() const { return broken_; }
  // The writer's, or after it: all that have ended.
  const std::vector<Volume>& volumes() const { return volumes_; }

 private:
  Status open();
  Status put(std::span<const char> bytes);
  void close();

  const uint64_t limit_;
  const Handlers handlers_;
  Digest sha256_{DigestKind::sha256};
  std::optional<Digest> other_;
  Volume current_;
  std::vector<Volume> volumes_;
  UniqueFd pipe_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<bool> broken_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  UniqueFd provided_;
  bool interrupted_ = false;
};

}  // namespace dray::worker
