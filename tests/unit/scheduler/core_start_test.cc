#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

TEST_CASE("a run is offered, started after its accept is stored, and ends with its result") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  CHECK(rig.one<SendWelcome>().message.lease_ms == 600'000);

  const Enqueued answer = rig.enqueue("photos");
  CHECK(answer.code == 0);
  CHECK(rig.hard());
  const SendAssign assign = rig.one<SendAssign>();
  CHECK(assign.session == w1);
  CHECK(assign.token == Token{answer.run, 1, 1});
  CHECK(rig.core.find_run(answer.run)->state == assigned);
  CHECK(rig.state(answer.run) == queued);  // an offer is never stored

  rig.step(WorkerAccept{w1, assign.token});
  CHECK(rig.state(answer.run) == starting);
  CHECK(rig.one<SendStart>().token == assign.token);
  CHECK(rig.one<SendOwners>().message.add.front().worker == "w1");
  CHECK(rig.core.is_current(assign.token));

  rig.renew(w1, {assign.token});
  CHECK(rig.state(answer.run) == running);
  CHECK_FALSE(rig.hard());  // "running" is a picture

  rig.end(w1, assign.token);
  CHECK(rig.state(answer.run) == succeeded);
  CHECK(rig.one<SendResultAck>().token == assign.token);
  CHECK(rig.one<SendOwners>().message.remove.front() == assign.token);
  CHECK(rig.core.find_run(answer.run) == nullptr);
  CHECK(rig.attempts.at(assign.token).end == "result");
}

TEST_CASE("an ACCEPT of an offer from before a restart is passed over: it knew another share") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const RunId run = rig.enqueue("photos").run;
  const SendAssign assign = rig.one<SendAssign>();
  rig.step(WorkerAccept{w1, assign.token, assign.offer + 1});
  CHECK(rig.core.find_run(run)->state == assigned);
  CHECK(rig.out.empty());
  rig.step(WorkerAccept{w1, assign.token, assign.offer});
  CHECK(rig.state(run) == starting);
}

TEST_CASE("a run's whole life costs three commits") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  int commits = 0;
  rig.enqueue("photos");
  commits += rig.hard() ? 1 : 0;
  const Token token = rig.one<SendAssign>().token;
  rig.step(WorkerAccept{w1, token});
  commits += rig.hard() ? 1 : 0;
  rig.renew(w1, {token}, 1, running);
  commits += rig.hard() ? 1 : 0;
  rig.renew(w1, {token}, 1, finishing);
  commits += rig.hard() ? 1 : 0;
  rig.end(w1, token);
  commits += rig.hard() ? 1 : 0;
  CHECK(commits == 3);
}

TEST_CASE(
    "an offer that is not answered in five seconds goes to another worker with a new number") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 8);
  rig.hello("w2", 4);
  rig.enqueue("photos");
  const SendAssign first = rig.one<SendAssign>();
  CHECK(first.session == w1);

  rig.advance(seconds{5});
  rig.tick();
  CHECK(rig.one<SendWithdraw>().token == first.token);
  const SendAssign second = rig.one<SendAssign>();
  CHECK(second.session != w1);
  CHECK(second.token.attempt == 2);

  SECTION("the late ACCEPT of the first is answered STALE and changes nothing") {
    rig.step(WorkerAccept{w1, first.token});
    CHECK(rig.one<SendStale>().token == first.token);
    CHECK(rig.none<UpdateRun>());
    CHECK(rig.none<SendStart>());
  }
  SECTION("the second is accepted") {
    rig.step(WorkerAccept{second.session, second.token});
    CHECK(rig.one<SendStart>().token == second.token);
  }
  SECTION("the ACCEPT of the second by the wrong worker is STALE") {
    rig.step(WorkerAccept{w1, second.token});
    CHECK(rig.one<SendStale>().token == second.token);
  }
}

TEST_CASE("an ACCEPT of the current attempt is answered with START again") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.step(WorkerAccept{w1, token});
  CHECK(rig.one<SendStart>().token == token);
  CHECK_FALSE(rig.hard());
}

TEST_CASE("a worker that rejects is passed over for that run, and the reason is told") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const RunId run = rig.enqueue("photos").run;
  const SendAssign first = rig.one<SendAssign>();
  rig.step(WorkerReject{w1, first.token, "no space for its log"});
  CHECK(rig.none<SendAssign>());
  CHECK(rig.core.why(run, rig.now)->reasons.back().text ==
        "worker 'w1' did not take it: 'no space for its log'");

  SECTION("another worker that comes gets it at once") {
    const SessionId w2 = rig.hello("w2");
    CHECK(rig.one<SendAssign>().session == w2);
  }
  SECTION("the same worker is asked again after a while") {
    rig.run_for(seconds{16});
    CHECK(rig.one<SendAssign>().session == w1);
  }
}

TEST_CASE("an offer whose job cannot be loaded ends the run as a configuration error") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  const RunId run = rig.enqueue("photos").run;
  rig.step(AssignFailed{rig.one<SendAssign>().token, "remote 'src' is gone"});
  CHECK(rig.state(run) == failed);
  CHECK(rig.rows[run].error_class == ErrorClass::config);
  CHECK(rig.rows[run].hint == "remote 'src' is gone");
}

TEST_CASE("messages whose token is not current change nothing and are answered STALE") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  const RunRow before = rig.rows[token.run];
  const Token wrong[] = {{token.run, token.attempt + 1, token.worker_epoch},
                         {token.run, token.attempt - 1, token.worker_epoch},
                         {token.run, token.attempt, token.worker_epoch + 1},
                         {RunId{4711}, 1, 1},
                         {RunId{0}, 0, 0}};
  for (const Token& bad : wrong) {
    const Event events[] = {WorkerAccept{w1, bad}, WorkerReject{w1, bad, "no"},
                            WorkerResult{w1, rig.result(bad, Outcome::failed)}};
    for (const Event& event : events) {
      rig.step(event);
      CHECK(rig.one<SendStale>().token == bad);
      CHECK_FALSE(rig.hard());
    }
    rig.renew(w1, {bad});
    CHECK(rig.one<SendRenewed>().message.stale == std::vector{bad});
    CHECK(rig.one<SendRenewed>().message.renewed.empty());
  }
  CHECK(rig.rows[token.run].state == before.state);
}

TEST_CASE("the result of another worker's attempt is STALE") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.hello("w1", 8);
  const SessionId w2 = rig.hello("w2", 4);
  const Token token = rig.start("photos");
  rig.end(w2, token);
  CHECK(rig.one<SendStale>().token == token);
  CHECK(rig.state(token) == starting);
}

TEST_CASE("a repeated result gets the first answer, also after the run has ended") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.end(w1, token, Outcome::succeeded);
  rig.end(w1, token, Outcome::failed);
  CHECK(rig.one<SendResultAck>().token == token);
  CHECK_FALSE(rig.hard());
  CHECK(rig.state(token) == succeeded);
}

TEST_CASE("messages of a session that said no HELLO are not listened to") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.step(SessionGone{w1});
  rig.end(w1, token);
  CHECK(rig.out.empty());
  CHECK(rig.state(token) == starting);
}

TEST_CASE("the same idempotency key gives the same run for a day") {
  Rig rig;
  rig.job("photos");
  rig.job("mail");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Enqueued first = rig.enqueue("photos", "k1");
  const Token token = rig.one<SendAssign>().token;
  CHECK(rig.enqueue("photos", "k1").run == first.run);
  CHECK(rig.none<InsertRun>());
  rig.step(WorkerAccept{w1, token});
  rig.end(w1, token);
  CHECK(rig.enqueue("photos", "k1").run == first.run);
  CHECK(rig.enqueue("mail", "k1").code == static_cast<int>(ErrorCode::invalid) + 1);
  rig.advance(hours{24});
  CHECK(rig.enqueue("photos", "k1").run != first.run);
}

TEST_CASE("a key is remembered over a restart") {
  Rig rig;
  rig.job("photos");
  rig.snapshot.keyed_runs.push_back({"k1", RunId{5}, JobId{1}, rig.now.wall - hours{23}});
  rig.snapshot.last_run_id = 5;
  rig.load();
  CHECK(rig.enqueue("photos", "k1").run == RunId{5});
  rig.advance(hours{2});
  CHECK(rig.enqueue("photos", "k1").run == RunId{6});
}

TEST_CASE("two manual runs in one instant, or with the clock set back, are two occurrences") {
  Rig rig;
  rig.job("photos");
  rig.load();
  rig.enqueue("photos");
  rig.enqueue("photos");
  rig.now.wall -= hours{1};
  rig.enqueue("photos");
  CHECK(rig.rows.size() == 3);  // the rig checks that they differ
}

TEST_CASE("an unknown job is refused with its name") {
  Rig rig;
  rig.load();
  const Enqueued answer = rig.enqueue("nope");
  CHECK(answer.code == static_cast<int>(ErrorCode::not_found) + 1);
  CHECK(answer.message == "no job 'nope'");
}

}  // namespace
}  // namespace dray::scheduler
