// Fetches small objects by the hundred: each batch with one `rclone copy` into a directory in
// memory, several at the same time, never more than a few megabytes ahead of who reads them
// (window_source.h).
//
// For the types of remotes that window_rule() knows. There, an object asked for by itself, as
// through a server (object_server.h), takes more than its bytes: S3 wants two more requests for its
// time and type, and rclone asks a WebDAV server for at most a hundred objects a second and
// process.
//
// Thread: that of the loop. Owner: a step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "workers/attempt_state.h"
#include "workers/window_source.h"

namespace dray::worker {

struct WindowRule {
  std::string_view type;
  uint32_t processes = 1;  // at most
  // A listing asks for each object's time by itself; one that was copied has its time.
  bool times_cost = false;
  // One request for each file of a batch, none for the directories that they are in. Else
  // directories are listed, unless one of them is larger than a batch.
  bool asks_for_files_only = false;
  std::string_view flag = {};
};

// Null: the source's objects are best asked for one by one.
const WindowRule* window_rule(std::string_view type);

// How large a window in the attempt's directory is.
struct WindowSize {
  uint64_t batch_bytes = 0;
  uint32_t batches = 0;    // that there are at the same time
  uint32_t processes = 0;  // of these, that are fetched
  uint32_t transfers = 0;  // at the same time in each
};

// Nothing: the directory does not lie in memory, or there is too little room.
std::optional<WindowSize> window_size(const AttemptState& state, const WindowRule& rule);

class ObjectWindow {
 public:
  // Larger objects are not worth it.
  static constexpr uint64_t kMaxObject = 1 << 20;

  struct Handlers {
    std::function<void(WindowBatch)> ready;
    std::function<void()> no_more;             // all are ready
    std::function<void(const Error&)> failed;  // of ours; a batch that rclone failed in is ready
    std::function<void()> idle;                // a process has ended, and none is left
  };
  // `items`: what is wanted, as fits_window() says, and how many files there are.
  ObjectWindow(AttemptState& state, const WindowRule& rule, WindowSize size, ItemReader items,
               uint64_t files, Handlers handlers);
  ~ObjectWindow();  // kills what still runs
  ObjectWindow(const ObjectWindow&) = delete;
  ObjectWindow& operator=(const ObjectWindow&) = delete;

  void begin();
  // WindowSource::Handlers::batch_done
  void batch_done(size_t files, size_t came);
  bool busy() const;
  void extend(Instant kill_at);
  void stop(StopReason reason);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Folders always do.
bool fits_window(const ArchiveItem& item);

}  // namespace dray::worker
