// Pauses, time limits and shares of the bandwidth.
#include "tests/unit/workers/worker_core_rig.h"

namespace dray::worker {

TEST_CASE("a pause stops the attempt, and one that was not started yet is reported as cancelled") {
  CoreRig rig;
  rig.connect();
  const Token running = rig.running(1);
  const auto stopped = rig.step(StopAttempt{running, "the line is needed", "ann", true});
  REQUIRE(all_of<EndAttempt>(stopped).size() == 1);
  CHECK(all_of<EndAttempt>(stopped)[0].reason == StopReason::pause);
  const Token offered = rig.offer(2);
  const auto ended = rig.step(StopAttempt{offered, "", "ann", true});
  REQUIRE(all_of<SpoolResult>(ended).size() == 1);
  CHECK(all_of<SpoolResult>(ended)[0].result.outcome == Outcome::cancelled);
  CHECK(all_of<SpoolResult>(ended)[0].result.never_started);
}

TEST_CASE("an attempt that takes longer than its job allows is stopped") {
  CoreRig rig;
  rig.connect();
  const Token token{RunId{1}, 1, 7};
  RunSpec spec;
  spec.policy = R"({"limits":{"max_duration_seconds":60}})";
  rig.step(Assign{token, 600'000, spec});
  rig.step(Start{token});
  CHECK(all_of<EndAttempt>(rig.pass_answered(seconds{58}, {token})).empty());
  const auto late = all_of<EndAttempt>(rig.pass_answered(seconds{4}, {token}));
  REQUIRE(late.size() == 1);
  CHECK(late[0].reason == StopReason::time_limit);
}

TEST_CASE("a share of the bandwidth is passed on, and confirmed at once when it is in force") {
  CoreRig rig;
  rig.connect();
  const Token token{RunId{1}, 1, 7};
  RunSpec spec;
  spec.live_bandwidth = true;
  spec.bandwidth_bytes_per_second = 3'000'000;
  rig.step(Assign{token, 600'000, spec});
  const auto held = [](const std::vector<Action>& actions) {
    REQUIRE(all_of<Send<Renew>>(actions).size() == 1);
    return all_of<Send<Renew>>(actions)[0].message.held.at(0);
  };
  // Before the start there is nobody to tell: it starts with the new one.
  const auto early = rig.step(SetBandwidth{{{token, 1'000'000, 4}}});
  CHECK(held(early).bandwidth_bytes_per_second == 1'000'000);
  CHECK(held(early).live_bandwidth);
  CHECK(held(early).bandwidth_sequence == 4);
  const auto start = all_of<StartAttempt>(rig.step(Start{token}));
  REQUIRE(start.size() == 1);
  CHECK(start[0].spec.bandwidth_bytes_per_second == 1'000'000);
  const auto change = rig.step(SetBandwidth{{{token, 500'000, 6}, {Token{RunId{9}, 1, 7}, 1, 7}}});
  REQUIRE(all_of<ApplyBandwidth>(change).size() == 1);
  CHECK(all_of<ApplyBandwidth>(change)[0].bytes_per_second == 500'000);
  CHECK(all_of<Send<Renew>>(change).empty());
  const auto done = rig.step(BandwidthInForce{token, true, 500'000});
  CHECK(held(done).bandwidth_bytes_per_second == 500'000);
  CHECK(held(done).bandwidth_sequence == 6);
  CHECK(all_of<Send<Renew>>(rig.step(BandwidthInForce{token, true, 500'000})).empty());
  // What it does with its share is said every second.
  CHECK(rig.core.next_deadline() == rig.now.mono + limits::kUsageReport);
  // A message that was overtaken changes nothing.
  CHECK(rig.step(SetBandwidth{{{token, 900'000, 5}}}).empty());
}

}  // namespace dray::worker
