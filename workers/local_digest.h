// Size and SHA-256 of a file of this machine, read with a thread of its own: several times as fast
// as through an rclone, whose hashes are portable code.
//
// Made, used and destroyed on the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"

namespace dray::worker {

struct FileDigest {
  uint64_t size = 0;
  std::string sha256;  // hex
};

class LocalDigest {
 public:
  // `done` is called once, from the loop, unless this is destroyed before; it must not destroy
  // this. not_found: no such file; conflict: stopped, or it is no regular file.
  LocalDigest(EventLoop& loop, std::string path, std::function<void(Result<FileDigest>)> done);
  ~LocalDigest();  // stops and waits
  LocalDigest(const LocalDigest&) = delete;
  LocalDigest& operator=(const LocalDigest&) = delete;

  void stop() { stopped_ = true; }

 private:
  Result<FileDigest> read(const std::string& path) const;

  std::atomic<bool> stopped_ = false;
  std::shared_ptr<const std::function<void(Result<FileDigest>)>> done_;
  std::thread thread_;
};

}  // namespace dray::worker
