// Asks a remote for the times of some of its objects: for those whose listing tells only when they
// were stored, because their own time costs a request for each (S3).
//
// Thread: that of the loop. Owner: the archive's feed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "workers/archive_item.h"
#include "workers/attempt_state.h"

namespace dray::worker {

class ObjectTimes {
 public:
  // Items of the source from the file `list` to the new file `timed`, in the same order. One that
  // is not there any more, or does not tell, keeps the time that it has. `done` is called once,
  // from the loop or within begin() or stop(), and must not destroy this.
  ObjectTimes(AttemptState& state, std::string list, std::string timed,
              std::function<void(Status)> done);
  ~ObjectTimes();  // kills what still runs
  ObjectTimes(const ObjectTimes&) = delete;
  ObjectTimes& operator=(const ObjectTimes&) = delete;

  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);

  // So many at a time are in memory.
  static constexpr size_t kAtOnce = 10'000;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
