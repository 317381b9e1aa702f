#include "daemon/scheduler/backoff.h"
#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

TEST_CASE("each outcome leads to its state") {
  struct Row {
    Outcome outcome;
    ErrorClass error_class;
    bool retry;
    RunState state;
  };
  const std::vector<Row> rows = {
      {Outcome::succeeded, ErrorClass::none, false, succeeded},
      {Outcome::nothing_to_do, ErrorClass::none, false, succeeded},
      {Outcome::warning, ErrorClass::source_changed, false, warning},
      {Outcome::failed, ErrorClass::network, false, failed},
      {Outcome::failed, ErrorClass::network, true, retry_wait},
      {Outcome::failed, ErrorClass::quota, true, retry_wait},
      {Outcome::killed, ErrorClass::crash, false, retry_wait},
      {Outcome::cancelled, ErrorClass::none, false, queued},  // nobody had asked: a shutdown
      {Outcome::none, ErrorClass::unknown, false, failed},
  };
  for (const Row& row : rows) {
    INFO(to_string(row.outcome) << " " << to_string(row.error_class));
    Rig rig;
    rig.job("photos");
    rig.load();
    const SessionId w1 = rig.hello("w1");
    const Token token = rig.start("photos");
    rig.end(w1, token, row.outcome, row.error_class, row.retry);
    CHECK(rig.state(token) == row.state);
    CHECK(rig.one<SendResultAck>().token == token);
  }
}

TEST_CASE("errors that do not heal by themselves are never retried, whatever the worker says") {
  for (const ErrorClass error_class :
       {ErrorClass::auth, ErrorClass::config, ErrorClass::usage, ErrorClass::not_found,
        ErrorClass::permission, ErrorClass::integrity, ErrorClass::guard}) {
    INFO(to_string(error_class));
    Rig rig;
    rig.job("photos");
    rig.load();
    const SessionId w1 = rig.hello("w1");
    const Token token = rig.start("photos");
    rig.end(w1, token, Outcome::failed, error_class, true);
    CHECK(rig.state(token) == failed);
    CHECK_THAT(rig.rows[token.run].reason, Catch::StartsWith("no further attempt: "));
  }
}

TEST_CASE("an attempt whose worker was shut down is lost, not failed, and the next one follows") {
  Rig rig;
  rig.job("photos").retry = {1, 100, 300};
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  Renew leaving;
  leaving.epoch = 1;
  leaving.draining = true;
  leaving.held.push_back({token, running, {}});
  rig.step(WorkerRenew{w1, leaving});
  rig.end(w1, token, Outcome::cancelled);
  CHECK(rig.state(token) == queued);
  CHECK(rig.events() == std::vector<std::string>{"run.lost"});
  CHECK(rig.rows[token.run].failed_attempts == 0);
  CHECK(rig.rows[token.run].lost_attempts == 0);
  const SessionId again = rig.hello("w1", 4, 2);
  const Token second = rig.one<SendAssign>().token;
  CHECK(second.run == token.run);
  rig.step(WorkerAccept{again, second});
  rig.end(again, second, Outcome::failed, ErrorClass::network, true);
  CHECK_THAT(rig.rows[token.run].reason, Catch::Contains("1 of 1 were made"));
}

TEST_CASE("a retry waits longer each time, with jitter, and ends when the attempts are used up") {
  Rig rig;
  JobPlan& plan = rig.job("photos");
  plan.retry = {4, 100, 300};
  rig.load();
  const SessionId w1 = rig.hello("w1");
  rig.enqueue("photos");
  for (const int expected : {100, 200, 300}) {
    const Token token = rig.one<SendAssign>().token;
    rig.step(WorkerAccept{w1, token});
    rig.end(w1, token, Outcome::failed, ErrorClass::network, true);
    CHECK(rig.state(token) == retry_wait);
    CHECK(rig.events() == std::vector<std::string>{"run.retry"});
    const double waited =
        std::chrono::duration<double>(rig.rows[token.run].retry_at - rig.now.wall).count();
    CHECK(waited >= expected * 0.75);
    CHECK(waited <= expected * 1.25);
    CHECK(rig.why(token.run).contains(WhyCode::retry));
    rig.run_for(rig.rows[token.run].retry_at - rig.now.wall - milliseconds{1});
    CHECK(rig.none<SendAssign>());
    rig.run_for(milliseconds{2});
  }
  const Token last = rig.one<SendAssign>().token;
  rig.step(WorkerAccept{w1, last});
  rig.end(w1, last, Outcome::failed, ErrorClass::network, true);
  CHECK(rig.state(last) == failed);
  CHECK(rig.rows[last.run].reason == "no further attempt: 4 of 4 were made");
}

TEST_CASE("there is no retry past the next occurrence") {
  Rig rig;
  rig.every("photos", minutes{10}).retry = {3, 700, 700};
  rig.load();
  const SessionId w1 = rig.hello("w1");
  rig.run_for(minutes{10});
  const Token token = rig.one<SendAssign>().token;
  rig.step(WorkerAccept{w1, token});
  rig.advance(minutes{5});
  rig.end(w1, token, Outcome::failed, ErrorClass::network, true);
  CHECK(rig.state(token) == failed);
  CHECK_THAT(rig.rows[token.run].reason, Catch::Contains("2026-03-01T12:20:00Z"));
}

TEST_CASE("a retry survives a restart and keeps its time") {
  Rig rig;
  rig.job("photos").retry = {3, 100, 100};
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.end(w1, token, Outcome::failed, ErrorClass::network, true);
  rig.advance(seconds{50});
  rig.restart();
  rig.hello("w1");
  CHECK(rig.none<SendAssign>());
  SECTION("a clock set back by years does not make it wait for years") {
    rig.now.wall -= hours{24 * 3650};
    rig.restart();
    rig.hello("w1");
    rig.run_for(seconds{126});
  }
  SECTION("nothing special") {
    rig.run_for(seconds{76});
  }
  CHECK(rig.one<SendAssign>().token.attempt == 2);
}

TEST_CASE("backoff doubles up to its cap and stays within a quarter of it") {
  Jitter jitter(7);
  const RetryPolicy policy{10, 30, 1000};
  for (const auto& [failed, base] : std::vector<std::pair<uint32_t, int>>{
           {1, 30}, {2, 60}, {3, 120}, {6, 960}, {7, 1000}, {99, 1000}}) {
    Duration least = hours{1};
    Duration most{0};
    for (int i = 0; i < 1000; ++i) {
      const Duration wait = backoff(policy, failed, jitter);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    CHECK(least >= milliseconds{base * 750});
    CHECK(least < milliseconds{base * 760});
    CHECK(most <= milliseconds{base * 1250});
    CHECK(most > milliseconds{base * 1240});
  }
}

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a cancel of a run that no worker holds ends it at once") {
  Rig rig;
  rig.job("photos").max_concurrent = 1;
  rig.load();
  SECTION("queued") {
    const RunId run = rig.enqueue("photos").run;
    const CancelReply reply = rig.cancel(run);
    CHECK(reply.rows.at(0).code == 0);
    CHECK(reply.rows.at(0).state == cancelled);
    CHECK(rig.one<AddCancelRequest>().reason == "enough");
    CHECK(rig.events() == std::vector<std::string>{"run.cancel_requested", "run.finished"});
    CHECK(rig.state(run) == cancelled);
    CHECK(rig.rows[run].cancel_by == "ann");
  }
  SECTION("offered: the offer is withdrawn") {
    const SessionId w1 = rig.hello("w1");
    const RunId run = rig.enqueue("photos").run;
    const Token token = rig.one<SendAssign>().token;
    rig.cancel(run);
    CHECK(rig.one<SendWithdraw>().token == token);
    CHECK(rig.state(run) == cancelled);
    rig.step(WorkerAccept{w1, token});
    CHECK(rig.one<SendStale>().token == token);
  }
  SECTION("waiting for a retry") {
    const SessionId w1 = rig.hello("w1");
    const Token token = rig.start("photos");
    rig.end(w1, token, Outcome::failed, ErrorClass::network, true);
    rig.cancel(token.run);
    CHECK(rig.state(token) == cancelled);
    rig.run_for(hours{1});
    CHECK(rig.none<SendAssign>());
  }
  SECTION("waiting in a list, and the next one gets its turn") {
    const SessionId w1 = rig.hello("w1");
    const Token token = rig.start("photos");
    const RunId second = rig.enqueue("photos").run;
    const RunId third = rig.enqueue("photos").run;
    rig.cancel(second);
    rig.end(w1, token);
    CHECK(rig.one<SendAssign>().token.run == third);
  }
  for (const RunState state : {held, paused}) {
    SECTION(std::string(to_string(state))) {
      RunRow row;
      row.id = RunId{1};
      row.job = JobId{1};
      row.job_name = "photos";
      row.client = "default";
      row.state = state;
      row.pause_requested = state == paused;
      rig.snapshot.open_runs = {row};
      rig.snapshot.last_run_id = 1;
      rig.load();
      rig.rows[row.id] = row;
      CHECK(rig.cancel(row.id).rows.at(0).state == cancelled);
    }
  }
}

TEST_CASE("a cancel of a run on a worker is told at once and with every heartbeat until it ends") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  const CancelReply reply = rig.cancel(token.run);
  CHECK(reply.rows.at(0).state == cancelling);
  CHECK(rig.hard());
  CHECK(rig.one<SendStop>().message.token == token);
  CHECK(rig.one<SendStop>().message.asked_by == "ann");
  CHECK(rig.state(token) == cancelling);
  rig.renew(w1, {token});
  CHECK(rig.one<SendRenewed>().message.cancel == std::vector{token});
  CHECK(rig.state(token) == cancelling);

  SECTION("the worker confirms") {
    rig.end(w1, token, Outcome::cancelled);
    CHECK(rig.state(token) == cancelled);
  }
  SECTION("it had succeeded before it heard of it: that is what counts, and the wish stays on") {
    rig.end(w1, token, Outcome::succeeded);
    CHECK(rig.state(token) == succeeded);
    CHECK(rig.rows[token.run].cancel_requested);
  }
  SECTION("it failed meanwhile: no further attempt") {
    rig.end(w1, token, Outcome::failed, ErrorClass::network, true);
    CHECK(rig.state(token) == failed);
  }
  SECTION("it is never heard of again: cancelled only when the lease is over") {
    rig.run_for(seconds{749});
    CHECK(rig.state(token) == cancelling);
    rig.run_for(seconds{2});
    CHECK(rig.state(token) == cancelled);
    CHECK_THAT(rig.rows[token.run].reason, Catch::Contains("did not confirm"));
  }
  SECTION("the worker is restarted and holds nothing: cancelled at once, no new attempt") {
    rig.hello("w1", 4, 2);
    CHECK(rig.state(token) == cancelled);
    CHECK(rig.none<SendAssign>());
  }
  SECTION("drayd is restarted: the wish survives") {
    rig.restart();
    rig.hello("w1", 4, 1, {{token, running, {}}});
    CHECK(rig.one<SendStop>().message.token == token);
    rig.step(WorkerAccept{SessionId{rig.last_session}, token});
    CHECK(rig.none<SendStart>());
    CHECK(rig.one<SendStop>().message.token == token);
  }
  SECTION("a second cancel says so") {
    const CancelReply again = rig.cancel(token.run);
    CHECK(again.rows.at(0).code == 0);
    CHECK(again.rows.at(0).message == "is already being stopped, asked by 'ann'");
  }
}

TEST_CASE("a cancel of an unknown or ended run says so") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.end(w1, token, Outcome::warning);
  CHECK(rig.cancel(RunId{99}).rows.at(0).code == static_cast<int>(ErrorCode::not_found) + 1);
  const CancelRow ended = rig.cancel(token.run).rows.at(0);
  CHECK(ended.code == static_cast<int>(ErrorCode::conflict) + 1);
  CHECK(ended.state == warning);
  CHECK(ended.message == "has already ended: warning");

  CancelRequest request;
  request.runs = {RunId{50}};
  rig.step(CancelRuns{{}, request, {{RunId{50}, failed}}});  // the store remembers it
  CHECK(rig.one<ReplyCancel>().message.rows.at(0).message == "has already ended: failed");
}

TEST_CASE("a cancel by job, client or all takes every open run") {
  Rig rig;
  rig.job("a", "acme");
  rig.job("b", "acme");
  rig.job("c", "other");
  rig.load();
  for (const char* job : {"a", "a", "b", "c"})
    rig.enqueue(job);
  CancelRequest request;
  size_t expected = 0;
  SECTION("job") {
    request.job = "a";
    expected = 2;
  }
  SECTION("client") {
    request.client = "acme";
    expected = 3;
  }
  SECTION("all") {
    request.all = true;
    expected = 4;
  }
  rig.step(CancelRuns{{}, request, {}});
  CHECK(rig.one<ReplyCancel>().message.rows.size() == expected);
  CHECK(rig.core.open_runs(10).size() == 4 - expected);
}

TEST_CASE("a cancel that names nothing, two things, or something unknown is refused") {
  Rig rig;
  rig.job("a");
  rig.load();
  const auto code = [&](const CancelRequest& request) {
    rig.step(CancelRuns{{}, request, {}});
    return rig.one<ReplyCancel>().message.code;
  };
  CancelRequest none;
  CancelRequest two;
  two.job = "a";
  two.all = true;
  CancelRequest job;
  job.job = "nope";
  CancelRequest client;
  client.client = "nope";
  CHECK(code(none) == static_cast<int>(ErrorCode::invalid) + 1);
  CHECK(code(two) == static_cast<int>(ErrorCode::invalid) + 1);
  CHECK(code(job) == static_cast<int>(ErrorCode::not_found) + 1);
  CHECK(code(client) == static_cast<int>(ErrorCode::not_found) + 1);
}

TEST_CASE("the times of a run never go back, whatever the wall clock does") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  rig.now.wall -= hours{5};
  rig.end(w1, token);
  const RunRow& row = rig.rows[token.run];
  CHECK(row.started_at >= row.queued_at);
  CHECK(row.ended_at >= row.started_at);
}

TEST_CASE("status counts what there is") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 2);
  const Token a = rig.start("photos");
  rig.start("photos");
  rig.enqueue("photos");
  CoreStatus status = rig.core.status();
  CHECK(status.on_worker == 2);
  CHECK(status.queued == 1);
  CHECK(status.slots == 2);
  CHECK(status.free_slots == 0);
  CHECK(status.workers.at(0).runs.size() == 2);
  rig.end(w1, a, Outcome::failed, ErrorClass::network, true);
  CHECK(rig.core.status().retrying == 1);
}

}  // namespace
}  // namespace dray::scheduler
