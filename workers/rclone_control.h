// The bandwidth limit of one attempt, followed by each of its processes while they run: through
// rclone's remote control, core/bwlimit and nothing else.
//
// rclone listens on a port of its own choice on the loopback address and says on its standard error
// which. Whoever speaks to it must show a name and a password that are made for this attempt: it
// reads their hash from a file in the attempt's private directory, so that they stand in no
// argument and no environment (without them any local user could run programs as the worker). Only
// attempts that are under a cap, or may come under one, open it.
//
// Figures: rclone applies a new limit within a second, in both directions, as long as its transfers
// ask for small pieces. With its read-ahead they ask for 1 MiB at a time (16 s at 64 kB/s, for each
// transfer, in which no limit can be changed) and count as much at once: flags() turn it off.
//
// Thread: that of the loop. Errors: a process that cannot be told keeps its limit; it is asked
// again until it ends, and until then the change is not reported as in force.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"

namespace dray::worker {

class RcloneControl {
 public:
  // Between two tries.
  static constexpr Duration kRetry = milliseconds{500};
  // rclone answers in a millisecond, unless its transfers wait for their turn: a new limit waits
  // until each has had what it asked for under the old one. Asking again before that would leave
  // two limits waiting, and no telling which comes last.
  static constexpr Duration kAnswerLimit = seconds{30};

  // `limit`: bytes per second, 0: none. `in_force`: the processes of the attempt now keep to this.
  RcloneControl(EventLoop& loop, uint64_t limit, std::function<void(uint64_t)> in_force);
  ~RcloneControl();
  RcloneControl(const RcloneControl&) = delete;
  RcloneControl& operator=(const RcloneControl&) = delete;

  // Makes the credentials and writes their hash to `path`, which must not exist.
  Status prepare(const std::string& path);
  // What the next process is told on its command line. It comes last there, so that it holds.
  std::vector<std::string> flags() const;
  uint64_t limit() const;

  // The limit from now on, for the process that runs and for those that follow.
  void set_limit(uint64_t bytes_per_second);

  // A process was started with flags() and limit(); the number names it from now on. It listens on
  // `port`; it has ended.
  uint64_t started();
  void serving(uint64_t process, uint16_t port);
  void ended(uint64_t process);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
