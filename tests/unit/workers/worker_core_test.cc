#include "tests/unit/workers/worker_core_rig.h"

namespace dray::worker {
namespace {

TEST_CASE("nothing is started before START") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.offer(1);
  CHECK(has<Send<Accept>>(rig.last));
  CHECK_FALSE(has<StartAttempt>(rig.last));
  CHECK_FALSE(has<StartAttempt>(rig.pass_answered(seconds{60})));
  CHECK(all_of<StartAttempt>(rig.step(Start{token})).size() == 1);
  CHECK_FALSE(has<StartAttempt>(rig.step(Start{token})));
}

TEST_CASE("ACCEPT is repeated until START") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.offer(1);
  CHECK(all_of<Send<Accept>>(rig.pass_answered(seconds{10})).size() >= 5);
  rig.step(Start{token});
  CHECK_FALSE(has<Send<Accept>>(rig.pass_answered(seconds{10})));
}

TEST_CASE("the lease counts from the first ACCEPT and the guard gets 90 percent of it") {
  CoreRig rig;
  rig.connect();
  const Instant accepted = rig.now.mono;
  const Token token = rig.offer(1);
  rig.pass_answered(seconds{20});
  const auto started = all_of<StartAttempt>(rig.step(Start{token}));
  REQUIRE(started.size() == 1);
  CHECK(started[0].kill_at == accepted + seconds{540});
}

TEST_CASE("what the last ASSIGN before START says counts, and the lease from the first ACCEPT") {
  CoreRig rig;
  rig.connect();
  const Instant accepted = rig.now.mono;
  const Token token = rig.offer(1);
  rig.pass_answered(seconds{20});
  RunSpec spec;
  spec.bandwidth_bytes_per_second = 64'000;
  CHECK(has<Send<Accept>>(rig.step(Assign{token, 600'000, spec, 2})));
  // Copies of it, or of an earlier one that comes late, change nothing.
  CHECK(has<Send<Accept>>(rig.step(Assign{token, 600'000, {}, 2})));
  CHECK(has<Send<Accept>>(rig.step(Assign{token, 600'000, {}, 1})));
  const auto started = all_of<StartAttempt>(rig.step(Start{token}));
  REQUIRE(started.size() == 1);
  CHECK(started[0].spec.bandwidth_bytes_per_second == 64'000);
  CHECK(started[0].kill_at == accepted + seconds{540});
  CHECK_FALSE(has<Send<Accept>>(rig.step(Assign{token, 600'000, {}})));
}

TEST_CASE("an unrenewed attempt is stopped at 75 percent of its lease, not before") {
  CoreRig rig;
  rig.connect();
  rig.running(1);
  CHECK_FALSE(has<EndAttempt>(rig.pass_answered(seconds{448})));
  const auto ended = all_of<EndAttempt>(rig.pass_answered(seconds{4}));
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == StopReason::lease);
}

TEST_CASE("a renewal counts from the moment the RENEW was sent") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  const auto renew = all_of<Send<Renew>>(rig.pass(seconds{3}));
  REQUIRE(renew.size() == 1);
  const Instant sent = Instant{hours{1}} + seconds{2};
  rig.now.mono += seconds{100};
  const auto extended =
      all_of<ExtendLease>(rig.step(Renewed{renew[0].message.round, 600'000, {token}, {}, {}}));
  REQUIRE(extended.size() == 1);
  CHECK(extended[0].kill_at == sent + seconds{540});
}

TEST_CASE("an answer to a round that is not known grants nothing") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  CHECK_FALSE(has<ExtendLease>(rig.step(Renewed{999, 600'000, {token}, {}, {}})));
}

TEST_CASE("a late or shorter grant never takes lease time away") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  const auto renew = all_of<Send<Renew>>(rig.pass(seconds{3}));
  REQUIRE(renew.size() == 1);
  CHECK_FALSE(has<ExtendLease>(rig.step(Renewed{renew[0].message.round, 10'000, {token}, {}, {}})));
  CHECK_FALSE(has<EndAttempt>(rig.pass_answered(seconds{400})));
}

TEST_CASE("renewed attempts run on for ever") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  CHECK_FALSE(has<EndAttempt>(rig.pass_answered(hours{3}, {token})));
}

TEST_CASE("a lost scheduler is no reason to stop before the lease says so") {
  CoreRig rig;
  rig.connect();
  rig.running(1);
  rig.step(LinkChanged{false});
  CHECK_FALSE(has<EndAttempt>(rig.pass(seconds{440})));
  CHECK(has<EndAttempt>(rig.pass(seconds{20})));
}

TEST_CASE("a result is spooled first, then sent, then repeated until it is acknowledged") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  const auto ended = rig.step(AttemptEnded{CoreRig::result(token)});
  CHECK(has<SpoolResult>(ended));
  CHECK_FALSE(has<Send<AttemptResult>>(ended));
  CHECK(has<Send<AttemptResult>>(rig.step(ResultSpooled{token, true})));
  CHECK(all_of<Send<AttemptResult>>(rig.pass_answered(minutes{2})).size() >= 4);
  CHECK(has<UnspoolResult>(rig.step(ResultAck{token})));
  CHECK_FALSE(has<Send<AttemptResult>>(rig.pass_answered(minutes{2})));
}

TEST_CASE("a result that the disk refuses is sent all the same") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  rig.step(AttemptEnded{CoreRig::result(token)});
  CHECK(has<Send<AttemptResult>>(rig.step(ResultSpooled{token, false})));
}

TEST_CASE("results of an earlier life are listed as held and sent after WELCOME") {
  const Token old{RunId{3}, 1, 6};
  CoreRig rig(2, {CoreRig::result(old)});
  const auto hello = all_of<Send<Hello>>(rig.step(LinkChanged{true}));
  REQUIRE(hello.size() == 1);
  REQUIRE(hello[0].message.held.size() == 1);
  CHECK(hello[0].message.held[0].token == old);
  CHECK(hello[0].message.held[0].state == RunState::finishing);
  const auto actions = rig.step(Welcome{1, 600'000, 2'000, {}});
  CHECK(all_of<Send<AttemptResult>>(actions).size() == 1);
  CHECK(rig.core.free_slots() == 2);
}

TEST_CASE("STALE kills and forgets, the result included") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  const auto actions = rig.step(Stale{token});
  REQUIRE(all_of<EndAttempt>(actions).size() == 1);
  CHECK(all_of<EndAttempt>(actions)[0].reason == StopReason::stale);
  CHECK(rig.core.busy() == 1);  // until it is really gone
  CHECK_FALSE(has<SpoolResult>(rig.step(AttemptEnded{CoreRig::result(token)})));
  CHECK(rig.core.busy() == 0);
}

TEST_CASE("STALE for a waiting result removes it from the disk") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  rig.step(AttemptEnded{CoreRig::result(token)});
  rig.step(ResultSpooled{token, true});
  CHECK(has<UnspoolResult>(rig.step(Stale{token})));
}

TEST_CASE("cancel by message or by heartbeat stops an attempt once") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  const auto stop = all_of<EndAttempt>(rig.step(StopAttempt{token, "wrong folder", "ann"}));
  REQUIRE(stop.size() == 1);
  CHECK(stop[0].reason == StopReason::cancel);
  CHECK(stop[0].detail == "ann: wrong folder");
  CHECK_FALSE(has<EndAttempt>(rig.step(Renewed{0, 600'000, {}, {token}, {}})));
}

TEST_CASE("an accepted attempt that is cancelled before START reports so and never starts") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.offer(1);
  const auto spooled = all_of<SpoolResult>(rig.step(StopAttempt{token, "", ""}));
  REQUIRE(spooled.size() == 1);
  CHECK(spooled[0].result.outcome == Outcome::cancelled);
  CHECK(spooled[0].result.never_started);
  CHECK_FALSE(has<StartAttempt>(rig.step(Start{token})));
}

TEST_CASE("late copies of ASSIGN and START never revive an attempt that ran") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  rig.step(AttemptEnded{CoreRig::result(token)});
  rig.step(ResultSpooled{token, true});
  rig.step(ResultAck{token});
  CHECK(rig.step(Assign{token, 600'000, {}}).empty());
  CHECK(rig.step(Start{token}).empty());
}

TEST_CASE("a withdrawn offer frees its slot and does not start") {
  CoreRig rig(1);
  rig.connect();
  const Token token = rig.offer(1);
  CHECK(rig.core.free_slots() == 0);
  rig.step(Withdraw{token});
  CHECK(rig.core.free_slots() == 1);
  CHECK_FALSE(has<StartAttempt>(rig.step(Start{token})));
}

TEST_CASE("WITHDRAW does not touch an attempt that was started") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  CHECK(rig.step(Withdraw{token}).empty());
  CHECK(rig.core.busy() == 1);
}

TEST_CASE("offers are rejected when there is no slot, for another epoch and while draining") {
  CoreRig rig(1);
  rig.connect();
  rig.offer(9, 1, 6);
  CHECK(has<Send<Reject>>(rig.last));
  rig.offer(1);
  CHECK(has<Send<Accept>>(rig.last));
  rig.offer(2);
  CHECK(has<Send<Reject>>(rig.last));
  rig.step(Drain{seconds{10}});
  rig.offer(3);
  CHECK(has<Send<Reject>>(rig.last));
}

TEST_CASE("two attempts of one run never live side by side") {
  CoreRig rig;
  rig.connect();
  const Token first = rig.running(1, 1);
  const Token second{RunId{1}, 2, 7};
  const auto actions = rig.step(Assign{second, 600'000, {}});
  CHECK(has<EndAttempt>(actions));
  CHECK(has<Send<Reject>>(actions));
  rig.step(AttemptEnded{CoreRig::result(first)});
  CHECK(has<Send<Accept>>(rig.step(Assign{second, 600'000, {}})));
  CHECK(rig.step(Assign{first, 600'000, {}}).empty());
}

TEST_CASE("HELLO is repeated until WELCOME, and again when RENEW is not answered") {
  CoreRig rig;
  rig.step(LinkChanged{true});
  CHECK(all_of<Send<Hello>>(rig.pass(seconds{20})).size() >= 4);
  rig.step(Welcome{1, 600'000, 2'000, {}});
  CHECK_FALSE(has<Send<Hello>>(rig.pass(seconds{8})));
  CHECK(has<Send<Hello>>(rig.pass(seconds{8})));
}

TEST_CASE("nothing is sent while the link is down") {
  CoreRig rig;
  rig.connect();
  rig.offer(1);
  rig.step(LinkChanged{false});
  CHECK(rig.pass(minutes{5}).empty());
}

TEST_CASE("drain lets attempts end, waits for the acknowledgement, then exits") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  CHECK_FALSE(has<Exit>(rig.step(Drain{minutes{1}})));
  rig.step(AttemptEnded{CoreRig::result(token)});
  rig.step(ResultSpooled{token, true});
  const auto done = all_of<Exit>(rig.step(ResultAck{token}));
  REQUIRE(done.size() == 1);
  CHECK(done[0].why.empty());
}

TEST_CASE("drain stops what still runs when its patience is over") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  rig.step(Drain{seconds{10}});
  CHECK_FALSE(has<EndAttempt>(rig.pass(seconds{9})));
  const auto ended = all_of<EndAttempt>(rig.pass(seconds{2}));
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == StopReason::shutdown);
  rig.step(AttemptEnded{CoreRig::result(token)});
  rig.step(ResultSpooled{token, true});
  CHECK(has<Exit>(rig.pass(seconds{5})));  // the result waits on disk
}

TEST_CASE("drain of an idle worker exits at once") {
  CoreRig rig;
  rig.connect();
  CHECK(has<Exit>(rig.step(Drain{minutes{1}})));
}

TEST_CASE("GOODBYE stops everything and says why") {
  CoreRig rig;
  rig.connect();
  const Token token = rig.running(1);
  CHECK(has<EndAttempt>(rig.step(Goodbye{"another worker of that name"})));
  const auto done = all_of<Exit>(rig.step(AttemptEnded{CoreRig::result(token)}));
  REQUIRE(done.size() == 1);
  CHECK(done[0].why == "another worker of that name");
}

TEST_CASE("an offer that nobody starts is dropped with its lease") {
  CoreRig rig(1);
  rig.connect();
  const Token token = rig.offer(1);
  rig.pass_answered(seconds{460});
  CHECK(rig.core.free_slots() == 1);
  CHECK_FALSE(has<StartAttempt>(rig.step(Start{token})));
}

TEST_CASE("RENEW stays far below one frame with every slot busy") {
  CoreRig rig(limits::kMaxSlots);
  rig.connect();
  Progress progress;
  progress.files.resize(limits::kMaxCurrentFiles,
                        CurrentFile{std::string(limits::kMaxFileNameBytes, 'n'), 1, 2, 3});
  for (uint64_t run = 1; run <= limits::kMaxSlots; ++run)
    rig.step(AttemptProgress{rig.running(run), progress});
  size_t names = 0;
  for (const auto& renew : all_of<Send<Renew>>(rig.pass(seconds{2})))
    for (const HeldAttempt& held : renew.message.held)
      names += held.progress.files.size();
  CHECK(names * limits::kMaxFileNameBytes < limits::kMaxFrameBytes / 2);
}

}  // namespace

}  // namespace dray::worker
