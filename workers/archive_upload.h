// An archive's volumes on their way into the destination: one `rclone rcat` after the other, each
// fed through a pipe. One that ends before all of its volume is in the pipe has failed, whatever it
// says; one whose feeder fails is killed before its input ends, because it takes any end for a good
// one.
//
// Thread: that of the loop. Owner: a step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/base/fd.h"
#include "workers/archive_run.h"

namespace dray::worker {

class ArchiveUpload {
 public:
  struct Handlers {
    std::function<void(UniqueFd pipe)> provide;
    std::function<void(StepEnd)> failed;  // once; nothing runs any more
    std::function<void()> uploaded;       // a volume, as a whole: it is in ArchiveRun::volumes
  };
  ArchiveUpload(AttemptState& state, Handlers handlers);
  ~ArchiveUpload();  // kills what still runs
  ArchiveUpload(const ArchiveUpload&) = delete;
  ArchiveUpload& operator=(const ArchiveUpload&) = delete;

  // The next volume is wanted; it begins when the one before is in the destination.
  void begin_volume(uint32_t number);
  // All of it is in the pipe.
  void end_volume(const Volume& volume);
  bool busy() const;
  void moved(Instant since);
  void extend(Instant kill_at);
  void stop(StopReason reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
