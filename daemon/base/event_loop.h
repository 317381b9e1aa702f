// One thread, one loop: the heart of every daemon. Wraps boost::asio::io_context so that services
// need no Asio header to set timers, watch signals or group work.
//
// A turn of the loop runs the handlers that are ready (at most kMaxHandlersPerTurn), then the
// end-of-turn hooks. drayd collects messages during the turn and commits them once at its end.
//
// Everything is called on the loop's thread, except post() and stop(), which are thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace boost::asio {
class io_context;
}

namespace dray {

class EventLoop {
 public:
  using Task = std::function<void()>;

  // Bounds how long a flood of input can put off the end-of-turn work, and with it the commit:
  // 4096 handlers of about 5 us each are 20 ms.
  static constexpr int kMaxHandlersPerTurn = 4096;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& context();

  // Runs until stop(). Unfinished handlers are destroyed with the loop, not run.
  void run();
  // One turn: waits for the first handler if `wait`, then runs what is ready and the hooks. Returns
  // the number of handlers run. For tests.
  size_t run_turn(bool wait = true);
  void stop();
  bool stopped() const;

  // Soon, on the loop's thread.
  void post(Task task);
  // Once, after the handlers of the current turn; outside a turn, at the end of the next one, which
  // it also starts. A hook that asks for another gets it at the end of the next turn.
  void at_end_of_turn(Task task);

  // Calls `handler` for each arrival of `signal` from now on. One handler per signal; a second call
  // replaces the first.
  void on_signal(int signal, Task handler);

  // Calls `ready` whenever `fd` can be read, until the Watch is destroyed. The caller keeps
  // the ownership of `fd` and destroys the Watch before closing it. Level-triggered. Makes `fd`
  // non-blocking.
  class Watch;
  std::unique_ptr<Watch> watch_readable(int fd, Task ready);
  // The same for an `fd` that can be written: only while something waits to be written, because an
  // idle one can always.
  std::unique_ptr<Watch> watch_writable(int fd, Task ready);

  // Tells systemd every half watchdog period that the loop turns; does nothing without
  // WatchdogSec=.
  void feed_watchdog();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class EventLoop::Watch {
 public:
  virtual ~Watch() = default;
};

// Calls back on the loop's thread. Never after cancel() or destruction, not even when it was due
// already. Counts CLOCK_MONOTONIC, so it stands still while the machine is suspended: whoever needs
// a deadline on CLOCK_BOOTTIME asks the Clock when the timer fires.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Each replaces what was set before. A repeating timer that falls behind skips, it does not
  // fire in bursts. `delay` <= 0 fires in the next turn.
  void start_once(Duration delay, EventLoop::Task task);
  void start_repeating(Duration period, EventLoop::Task task);
  void cancel();
  bool active() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the pending wait
};

}  // namespace dray
