// One long-lived rclone that serves a remote's files over HTTP on loopback, to this process only.
//
// * Its port is one that we hold, bound and never listening, so that no other program gets it.
// * Before the credentials are shown to anybody, the kernel's own table says that the listener
//   belongs to our user: who could steal it could read the run's configuration anyway.
// * User and password are random and of this run; rclone gets them as a hash in a private file, so
//   they are in no argument and no environment.
//
// Thread: that of the loop. Owner: a step.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workers/attempt_state.h"

namespace dray::worker {

struct ObjectServerAddress {
  uint16_t port = 0;          // on 127.0.0.1
  std::string authorization;  // the value of the HTTP header
};

class ObjectServer {
 public:
  // `ready` is called once, from the loop, if it comes so far. `ended` is called once, from the
  // loop or within begin() or stop(), and must not destroy this. Its end is never expected: a good
  // one is told as a failure too, unless stop() asked for it.
  ObjectServer(AttemptState& state, std::string remote,
               std::function<void(const ObjectServerAddress&)> ready,
               std::function<void(StepEnd)> ended);
  ~ObjectServer();  // kills what still runs
  ObjectServer(const ObjectServer&) = delete;
  ObjectServer& operator=(const ObjectServer&) = delete;

  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whose socket listens on 127.0.0.1:`port`, from the text of /proc/net/tcp.
std::optional<uid_t> listener_of(std::string_view tcp_table, uint16_t port);

}  // namespace dray::worker
