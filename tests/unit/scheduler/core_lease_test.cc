#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

TEST_CASE("a lease that nobody renews is given away at 125 percent, not before") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1", 1);
  const Token token = rig.start("photos");
  rig.run_for(seconds{749});
  CHECK(rig.state(token) == starting);
  rig.hello("w2", 1);
  rig.run_for(seconds{1});
  CHECK(rig.events() == std::vector<std::string>{"run.lost"});
  CHECK(rig.attempts[token].end == "lost");
  CHECK(rig.one<SendAssign>().token.attempt == 2);
}

TEST_CASE("a renewal keeps the attempt, and is answered with what is kept") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  for (int i = 0; i < 100; ++i) {
    rig.run_for(seconds{60});
    rig.renew(w1, {token});
    const Renewed message = rig.one<SendRenewed>().message;
    CHECK(message.renewed == std::vector{token});
    CHECK(message.lease_ms == 600'000);
    CHECK(message.round == static_cast<uint64_t>(i + 1));
  }
  CHECK(rig.state(token) == running);
}

TEST_CASE("leases do not care for the wall clock") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  rig.now.wall += hours{24 * 365};
  rig.tick();
  CHECK(rig.state(token) == starting);
  rig.now.wall -= hours{24 * 365 * 2};
  rig.run_for(seconds{751});
  CHECK(rig.attempts[token].end == "lost");
}

TEST_CASE("a late result of a lost attempt is STALE, and the new attempt goes on") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 1);
  const Token old = rig.start("photos");
  rig.run_for(seconds{751});
  const SessionId w2 = rig.hello("w2", 1);
  Token token = rig.core.find_run(old.run)->token();
  for (const SendAssign& assign : rig.all<SendAssign>()) {
    token = assign.token;
    rig.step(WorkerAccept{assign.session, token});
  }
  (void)w2;
  rig.end(w1, old, Outcome::failed);
  CHECK(rig.one<SendStale>().token == old);
  CHECK_FALSE(is_terminal(rig.state(old)));
}

TEST_CASE("a worker that comes back with a higher epoch and holds nothing frees its runs at once") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  const SessionId again = rig.hello("w1", 4, 2);
  CHECK(rig.attempts[token].end == "lost");
  CHECK(rig.rows[token.run].lost_attempts == 1);
  const SendAssign assign = rig.one<SendAssign>();
  CHECK(assign.session == again);
  CHECK(assign.token == Token{token.run, 2, 2});
}

TEST_CASE("a restarted worker that still has a result to deliver keeps its attempt") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  const SessionId again = rig.hello("w1", 4, 2, {{token, finishing, {}}});
  CHECK(rig.one<SendWelcome>().message.stale.empty());
  CHECK(rig.state(token) == finishing);
  rig.end(again, token);
  CHECK(rig.state(token) == succeeded);
}

TEST_CASE("a run that takes its worker with it three times is not given to another one") {
  Rig rig;
  rig.job("poison");
  rig.load();
  rig.hello("w1", 1);
  rig.enqueue("poison");
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    const SendAssign assign = rig.one<SendAssign>();
    rig.step(WorkerAccept{assign.session, assign.token});
    rig.hello("w1", 1, epoch + 1);
  }
  CHECK(rig.state(RunId{1}) == failed);
  CHECK(rig.rows[RunId{1}].error_class == ErrorClass::crash);
  CHECK(rig.none<SendAssign>());
}

TEST_CASE("a restart of the scheduler gives what runs one full lease and takes it over") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  rig.advance(hours{2});  // down for long
  rig.restart();
  rig.tick();
  CHECK(rig.state(token) == starting);
  rig.run_for(seconds{700});
  CHECK(rig.state(token) == starting);
  const SessionId again = rig.hello("w1", 4, 1, {{token, running, {}}});
  CHECK(rig.one<SendWelcome>().message.stale.empty());
  CHECK(rig.state(token) == running);
  rig.run_for(seconds{700});
  rig.end(again, token);
  CHECK(rig.state(token) == succeeded);
}

TEST_CASE("after a restart an attempt is taken over by a renewal too, and its caps still hold") {
  Rig rig;
  rig.job("photos").max_concurrent = 1;
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  const RunId second = rig.enqueue("photos").run;
  rig.restart();
  const SessionId w1 = rig.hello("w1", 4, 1, {{token, running, {}}});
  CHECK(rig.none<SendAssign>());
  CHECK(rig.why(second) == std::set{WhyCode::job_cap});
  rig.renew(w1, {token});
  CHECK(rig.one<SendRenewed>().message.renewed == std::vector{token});
}

TEST_CASE("an attempt that was granted a long lease keeps it when the configuration shortens it") {
  Rig rig(CoreOptions{.lease = seconds{600}});
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  Snapshot snapshot = rig.snapshot;
  snapshot.open_runs = {rig.rows[token.run]};
  snapshot.workers = {rig.workers["w1"]};
  Core shorter(CoreOptions{.lease = seconds{60}});
  shorter.load(snapshot, rig.now);
  rig.advance(seconds{749});
  shorter.step(Tick{}, rig.now);
  CHECK(shorter.is_current(token));
  rig.advance(seconds{1});
  shorter.step(Tick{}, rig.now);
  CHECK_FALSE(shorter.is_current(token));
}

TEST_CASE("a longer lease is stored before the worker hears of it") {
  Rig rig(CoreOptions{.lease = seconds{60}});
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  Snapshot snapshot = rig.snapshot;
  snapshot.open_runs = {rig.rows[token.run]};
  snapshot.workers = {rig.workers["w1"]};
  rig.core = Core(CoreOptions{.lease = seconds{600}});
  rig.core.load(snapshot, rig.now);
  rig.hello("w1", 4, 1, {{token, running, {}}});
  CHECK(rig.hard());
  CHECK(rig.rows[token.run].lease_ms == 600'000);
}

TEST_CASE("attempts that a worker holds and that are not its own are named stale") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const Token ghost{RunId{77}, 1, 1};
  rig.hello("w1", 4, 1, {{ghost, running, {}}});
  CHECK(rig.one<SendWelcome>().message.stale == std::vector{ghost});
}

TEST_CASE("an accepted offer whose ACCEPT is under way is not called stale") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  rig.enqueue("photos");
  const Token token = rig.one<SendAssign>().token;
  rig.renew(w1, {token}, 1, starting);
  CHECK(rig.one<SendRenewed>().message.stale.empty());
  CHECK(rig.one<SendRenewed>().message.renewed.empty());
}

TEST_CASE("who may be a worker") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 4, 5, {}, "boot-a");
  SECTION("a lower epoch is sent away with the reason") {
    const SessionId old = rig.hello("w1", 4, 4, {}, "boot-a");
    CHECK(rig.one<SendGoodbye>().session == old);
    CHECK_THAT(rig.one<SendGoodbye>().message.why, Catch::Contains("epoch 5, this one says 4"));
    CHECK(rig.core.session_of("w1") == w1);
  }
  SECTION("the same epoch from another machine sends both away") {
    rig.hello("w1", 4, 5, {}, "boot-b");
    CHECK(rig.all<SendGoodbye>().size() == 2);
    CHECK(rig.events() == std::vector<std::string>{"worker.refused"});
    CHECK(rig.core.session_of("w1") == std::nullopt);
  }
  SECTION("another key is refused while a worker with the first one is there") {
    rig.public_key = "other";
    rig.hello("w2", 4, 1);
    CHECK_THAT(rig.one<SendGoodbye>().message.why, Catch::Contains("same private key"));
    rig.step(SessionGone{w1});
    rig.hello("w2", 4, 1);
    CHECK(rig.none<SendGoodbye>());
  }
  SECTION("the same worker again, in a new session, takes over") {
    const SessionId again = rig.hello("w1", 4, 5, {}, "boot-a");
    CHECK(rig.one<SendWelcome>().session == again);
    CHECK_FALSE(rig.hard());
    CHECK(rig.core.session_of("w1") == again);
  }
}

TEST_CASE("a lost session frees its offers at once and its attempts only with the lease") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 2);
  const Token token = rig.start("photos");
  const RunId offered = rig.enqueue("photos").run;
  rig.step(SessionGone{w1});
  CHECK(rig.core.find_run(offered)->state == queued);
  CHECK(rig.state(token) == starting);
  CHECK(rig.why(token.run) == std::set{WhyCode::on_worker, WhyCode::worker_away});
}

TEST_CASE("when the broker is back, all owners are published again") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const Token token = rig.start("photos");
  rig.step(BrokerLost{});
  CHECK(rig.core.session_of("w1") == std::nullopt);
  rig.step(BrokerUp{});
  const Owners owners = rig.one<SendOwners>().message;
  CHECK(owners.replace);
  CHECK(owners.add.at(0).token == token);
}

TEST_CASE("a heartbeat brings progress to the store, at most every five seconds") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  HeldAttempt held{token, running, {}};
  held.progress.phase = Phase::transferring;
  int stored = 0;
  for (int i = 0; i < 10; ++i) {
    rig.advance(seconds{2});
    rig.step(WorkerRenew{w1, Renew{1, 1, 0, false, {held}}});
    stored += static_cast<int>(rig.all<StoreProgress>().size());
    CHECK_FALSE(rig.hard());
  }
  CHECK(stored == 4);
}

TEST_CASE("a heartbeat never moves a run back") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.renew(w1, {token}, 1, finishing);
  CHECK(rig.state(token) == finishing);
  for (const RunState late : {starting, running, validating, cancelling, succeeded, queued}) {
    rig.renew(w1, {token}, 1, late);
    CHECK(rig.state(token) == finishing);
  }
}

}  // namespace
}  // namespace dray::scheduler
