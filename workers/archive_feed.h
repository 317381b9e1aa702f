// Where the files of an archive come from: keeps what was listed, and opens it as the source that
// suits it.
//
//   a disk of this machine   read directly (local_source.h)
//   any remote               through one rclone that serves it (object_server.h, http_source.h)
//   some types of remotes    small objects by the hundred (object_window.h), the rest as above
//
// Thread: that of the loop. Owner: the archive step.
#pragma once

#include <functional>
#include <memory>

#include "workers/archive_source.h"
#include "workers/attempt_state.h"
#include "workers/remote_listing.h"

namespace dray::worker {

class ArchiveFeed {
 public:
  struct Handlers {
    std::function<void(Result<std::unique_ptr<ArchiveSource>>)> opened;  // once, after open()
    std::function<void(StepEnd)> failed;  // the source broke down; more than once perhaps
    std::function<void()> idle;           // a process of it has ended
  };
  ArchiveFeed(AttemptState& state, Handlers handlers);
  ~ArchiveFeed();  // kills what still runs; the source must have been interrupted
  ArchiveFeed(const ArchiveFeed&) = delete;
  ArchiveFeed& operator=(const ArchiveFeed&) = delete;

  // Before the listing, which has to be as `wanted` then says.
  Status begin(ListingWanted& wanted);
  void add(const RemoteEntry& entry);
  // The first failure of add().
  Status finish();
  void open();

  // All has been read, or nobody wants it any more.
  void close(StopReason reason);
  bool busy() const;
  void extend(Instant kill_at);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dray::worker
