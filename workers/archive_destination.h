// What a destination can do for an archive, as `rclone backend features` tells: which hashes it
// knows, and whether it takes a stream. Part of the archive step.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "workers/archive_run.h"

namespace dray::worker {

class DestinationFeatures {
 public:
  // Fills in `state.archive`. `done` is called once, from the loop or within begin() or stop(), and
  // must not destroy this; not good: the destination cannot be opened.
  DestinationFeatures(AttemptState& state, std::function<void(StepEnd)> done);
  ~DestinationFeatures();

  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// From the command's output; what it does not say is taken for "no".
void read_features(std::string_view json, ArchiveRun& run);

}  // namespace dray::worker
