#include "daemon/base/event_loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/service_notify.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

TEST_CASE("the end-of-turn hook runs once, after all handlers that were ready") {
  EventLoop loop;
  std::string order;
  for (const char name : {'a', 'b', 'c'})
    loop.post([&, name] {
      order += name;
      if (name == 'a') loop.at_end_of_turn([&] { order += '|'; });
    });
  CHECK(loop.run_turn() == 3);
  CHECK(order == "abc|");
  loop.post([&] { order += 'd'; });
  loop.run_turn();
  CHECK(order == "abc|d");
}

TEST_CASE("a hook set outside a turn, or by a hook, starts the next turn") {
  EventLoop loop;
  int calls = 0;
  loop.at_end_of_turn([&] {
    ++calls;
    loop.at_end_of_turn([&] { ++calls; });
  });
  loop.run_turn();
  CHECK(calls == 1);
  loop.run_turn();
  CHECK(calls == 2);
}

TEST_CASE("a flood of handlers does not put off the end of the turn for ever") {
  EventLoop loop;
  bool committed = false;
  int handlers = 0;
  std::function<void()> again = [&] {
    ++handlers;
    if (!committed) loop.post(again);
  };
  loop.at_end_of_turn([&] { committed = true; });
  loop.post(again);
  loop.run_turn();
  CHECK(committed);
  CHECK(handlers <= EventLoop::kMaxHandlersPerTurn);
}

TEST_CASE("run goes on until stop, which may come from inside a handler") {
  EventLoop loop;
  int calls = 0;
  loop.post([&] {
    ++calls;
    loop.post([&] {
      ++calls;
      loop.stop();
    });
  });
  loop.run();
  CHECK(calls == 2);
  CHECK(loop.stopped());
}

TEST_CASE("a one-shot timer fires once and a repeating one until it is cancelled") {
  EventLoop loop;
  Timer once{loop}, repeating{loop};
  int fired = 0, ticks = 0;
  once.start_once(Duration{0}, [&] { ++fired; });
  repeating.start_repeating(microseconds{100}, [&] {
    if (++ticks == 3) {
      repeating.cancel();
      loop.stop();
    }
  });
  CHECK(repeating.active());
  loop.run();
  CHECK(fired == 1);
  CHECK(ticks == 3);
  CHECK_FALSE(once.active());
  CHECK_FALSE(repeating.active());
}

TEST_CASE("a timer that was cancelled or set anew does not call its old task") {
  EventLoop loop;
  Timer due{loop}, guard{loop};
  std::string order;
  due.start_once(Duration{0}, [&] { order += "old"; });
  // Due already when the loop starts: the completion is queued before the handler below runs.
  loop.post([&] { due.start_once(Duration{0}, [&] { order += "new"; }); });
  guard.start_once(milliseconds{5}, [&] { loop.stop(); });
  loop.run();
  CHECK((order == "new" || order == "oldnew"));
  EventLoop second;
  Timer cancelled{second}, end{second};
  bool called = false;
  cancelled.start_once(Duration{0}, [&] { called = true; });
  cancelled.cancel();
  end.start_once(milliseconds{5}, [&] { second.stop(); });
  second.run();
  CHECK_FALSE(called);
}

TEST_CASE("a timer may be destroyed by its own task") {
  EventLoop loop;
  auto timer = std::make_unique<Timer>(loop);
  timer->start_repeating(microseconds{10}, [&] {
    timer.reset();
    loop.stop();
  });
  loop.run();
  CHECK(timer == nullptr);
}

TEST_CASE("a signal reaches its handler each time, and a new handler replaces the old") {
  EventLoop loop;
  std::string seen;
  loop.on_signal(SIGUSR1, [&] {
    seen += 'a';
    loop.on_signal(SIGUSR1, [&] {
      seen += 'b';
      loop.stop();
    });
    raise(SIGUSR1);
  });
  raise(SIGUSR1);
  loop.run();
  CHECK(seen == "ab");
}

TEST_CASE("a descriptor is watched until the watch is destroyed, also by its own handler") {
  EventLoop loop;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const UniqueFd read_end{ends[0]}, write_end{ends[1]};
  std::string got;
  std::unique_ptr<EventLoop::Watch> watch;
  watch = loop.watch_readable(read_end.get(), [&] {
    char byte = 0;
    REQUIRE(read(read_end.get(), &byte, 1) == 1);
    got += byte;  // one at a time: the rest must be announced again
    if (got == "abc") {
      watch.reset();
      loop.stop();
    }
  });
  REQUIRE(write(write_end.get(), "abcd", 4) == 4);
  loop.run();
  CHECK(got == "abc");
  CHECK(fcntl(read_end.get(), F_GETFD) != -1);
}

TEST_CASE("systemd is told that we are ready, and the loop itself feeds the watchdog") {
  const TempDir dir;
  const UniqueFd socket_fd{socket(AF_UNIX, SOCK_DGRAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (dir / "notify").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  setenv("NOTIFY_SOCKET", (dir / "notify").c_str(), 1);
  setenv("WATCHDOG_USEC", "2000", 1);
  const auto next = [&] {
    char text[256] = {};
    REQUIRE(recv(socket_fd.get(), text, sizeof text - 1, 0) > 0);
    return std::string(text);
  };
  notify_ready();
  CHECK(next() == "READY=1");
  notify_status("two\nlines");
  CHECK(next() == "STATUS=two\\nlines");
  CHECK(watchdog_period() == milliseconds{2});
  EventLoop loop;
  loop.feed_watchdog();
  loop.run_turn();
  CHECK(next() == "WATCHDOG=1");
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  CHECK(watchdog_period() == Duration{0});
}

}  // namespace
}  // namespace dray
