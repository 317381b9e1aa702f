#include "workers/run_machine.h"

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

using run::Action;
using Actions = std::vector<Action>;

struct Rig {
  Rig() : machine({.stall = minutes{30}}, now) {}
  explicit Rig(RunTimes times) : machine(times, now) {}
  Actions step(const run::Event& event) {
    Actions out;
    machine.step(event, now, out);
    return out;
  }
  Actions pass(Duration duration) {
    Actions out;
    const Instant end = now.mono + duration;
    for (auto at = machine.next_deadline(); at && *at <= end; at = machine.next_deadline()) {
      now.mono = std::max(now.mono, *at);
      machine.step(run::Tick{}, now, out);
    }
    now.mono = end;
    return out;
  }
  void run() {
    step(run::Prepared{});
    step(run::Started{});
  }
  Now now{Instant{hours{1}}, WallTime{}};
  RunMachine machine;
};

TEST_CASE("an attempt is over when exit, end of log and end of tree have all come, in any order") {
  const std::vector<std::vector<run::Event>> orders = {
      {run::Exited{}, run::LogEnded{}, run::Gone{}},
      {run::LogEnded{}, run::Exited{}, run::Gone{}},
      {run::Exited{}, run::Gone{}, run::LogEnded{}}};
  for (const auto& order : orders) {
    Rig rig;
    rig.run();
    CHECK(rig.step(order[0]).empty());
    CHECK(rig.step(order[1]).empty());
    CHECK(rig.step(order[2]) == Actions{Action::finish});
    CHECK_FALSE(rig.machine.stopped());
  }
}

TEST_CASE("a log pipe that outlives the tree is closed after the drain limit") {
  Rig rig;
  rig.run();
  rig.step(run::Exited{});
  rig.step(run::Gone{});
  CHECK(rig.pass(milliseconds{900}).empty());
  CHECK(rig.pass(milliseconds{200}) == Actions{Action::close_pipes});
  CHECK(rig.step(run::LogEnded{}) == Actions{Action::finish});
}

TEST_CASE("stopping goes TERM, 15 s, TERM, 2 s, KILL") {
  Rig rig;
  rig.run();
  CHECK(rig.step(run::Stop{StopReason::cancel}) == Actions{Action::terminate});
  CHECK(rig.pass(milliseconds{14'900}).empty());
  CHECK(rig.pass(milliseconds{200}) == Actions{Action::terminate});
  CHECK(rig.pass(milliseconds{1'800}).empty());
  CHECK(rig.pass(milliseconds{200}) == Actions{Action::kill});
  CHECK(rig.step(run::Stop{StopReason::lease}).empty());
  CHECK(rig.machine.stopped() == StopReason::cancel);
}

TEST_CASE("a process that ends after TERM is not signalled again") {
  Rig rig;
  rig.run();
  rig.step(run::Stop{StopReason::cancel});
  rig.step(run::Exited{});
  CHECK(rig.pass(minutes{1}).empty());
}

TEST_CASE("an attempt that is not ours any more is killed without grace") {
  Rig rig;
  rig.run();
  CHECK(rig.step(run::Stop{StopReason::stale}) == Actions{Action::kill});
}

TEST_CASE("counters that stand still stop the attempt, moving ones do not") {
  Rig rig;
  rig.run();
  for (int i = 0; i < 100; ++i) {
    rig.step(run::Moved{rig.now.mono});
    CHECK(rig.pass(minutes{29}).empty());
  }
  CHECK(rig.pass(seconds{61}) == Actions{Action::terminate});
  CHECK(rig.machine.stopped() == StopReason::stall);
}

TEST_CASE("opening the remotes may take longer than a short stall limit") {
  Rig rig({.stall = minutes{1}});
  rig.run();
  CHECK(rig.pass(minutes{15}).empty());
  CHECK(rig.pass(seconds{61}) == Actions{Action::terminate});
}

TEST_CASE("without a stall limit nothing is ever stopped by itself") {
  Rig rig({.stall = Duration{0}});
  rig.run();
  CHECK_FALSE(rig.machine.next_deadline());
}

TEST_CASE("what is stopped or fails while preparing ends without a process") {
  Rig stopped;
  CHECK(stopped.step(run::Stop{StopReason::cancel}) == Actions{Action::finish});
  CHECK_FALSE(stopped.machine.spawned());
  Rig failed;
  CHECK(failed.step(run::PrepareFailed{}) == Actions{Action::finish});
}

TEST_CASE("a failed start ends when the guard is gone and counts as not spawned") {
  Rig rig;
  rig.step(run::Prepared{});
  rig.step(run::StartFailed{});
  rig.step(run::LogEnded{});
  CHECK(rig.step(run::Gone{}) == Actions{Action::finish});
  CHECK_FALSE(rig.machine.spawned());
}

}  // namespace
}  // namespace dray::worker
