// Keeps the daemons of `dray up` running: starts them in order, starts a crashed one again after a
// growing pause, stops them in the opposite order. Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/time.h"
#include "ops/child.h"

namespace dray::ops {

// Pause before the next start of a program that crashed. Pure.
class Backoff {
 public:
  static constexpr Duration kFirst = milliseconds{500};
  static constexpr Duration kLongest = seconds{30};
  // A program that ran this long is healthy: its next crash starts from kFirst.
  static constexpr Duration kHealthy = seconds{30};
  Duration next(Duration ran_for);

 private:
  Duration pause_{0};
};

class Supervisor {
 public:
  // `name` of the program, one line of its output.
  using OnLine = std::function<void(const std::string& name, std::string_view line)>;
  // What the supervisor itself has to say.
  using OnNote = std::function<void(const std::string& text)>;

  Supervisor(EventLoop& loop, OnLine on_line, OnNote on_note);
  ~Supervisor();

  // Starts it now. Later starts happen by themselves until stop(). With exit code 78 (wrong
  // configuration) it is not started again: trying cannot help; see failed().
  Status add(ChildSpec spec);

  // SIGTERM, last added first, each after the one before it has ended or `patience` is over; then
  // SIGKILL. `done` is called once, when none is left.
  void stop(Duration patience, std::function<void()> done);
  // SIGKILL to all.
  void stop_now();
  bool stopping() const { return stopping_; }
  bool empty() const { return entries_.empty(); }
  // Why a program cannot run at all; "" while there is hope.
  const std::string& failed() const { return failed_; }

 private:
  struct Entry;
  Status start(Entry& entry);
  void ended(Entry& entry, const std::string& how);
  void stop_next();

  EventLoop& loop_;
  OnLine on_line_;
  OnNote on_note_;
  std::vector<std::unique_ptr<Entry>> entries_;
  Timer patience_timer_;
  Duration patience_{0};
  std::function<void()> on_stopped_;
  bool stopping_ = false;
  std::string failed_;
};

}  // namespace dray::ops
