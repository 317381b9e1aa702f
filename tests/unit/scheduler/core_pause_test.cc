#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

void pause(Rig& rig, RunId run, const std::string& reason = "enough") {
  rig.step(PauseRuns{{run}, reason, "ann"});
}
void resume(Rig& rig, RunId run) {
  rig.step(ResumeRuns{{run}, "ann"});
}

struct Running {
  Running() {
    rig.job("photos");
    rig.load();
    w1 = rig.hello("w1");
  }
  Rig rig;
  SessionId w1;
};

}  // namespace

TEST_CASE("a paused run is stopped, waits, and goes on as its next attempt without a failure") {
  Running r;
  const Token token = r.rig.start("photos");
  pause(r.rig, token.run, "the line is needed");
  const StopAttempt stop = r.rig.one<SendStop>().message;
  CHECK(stop.pause);
  CHECK(stop.reason == "paused by ann: the line is needed");
  CHECK(r.rig.rows[token.run].pause_requested);
  CHECK(r.rig.events() == std::vector<std::string>{"run.pause_requested"});
  CHECK(r.rig.why(token.run) == std::set{WhyCode::on_worker, WhyCode::paused});

  SECTION("the worker confirms") {
    r.rig.end(r.w1, token, Outcome::cancelled);
  }
  SECTION("the stop is repeated with the heartbeat until then") {
    r.rig.renew(r.w1, {token});
    CHECK(r.rig.one<SendStop>().message.pause);
    r.rig.end(r.w1, token, Outcome::cancelled);
  }
  SECTION("the scheduler is restarted in between") {
    r.rig.restart();
    r.w1 = r.rig.hello("w1", 4, 1, {{token, RunState::running, {}}});
    CHECK(r.rig.one<SendStop>().message.pause);
    r.rig.end(r.w1, token, Outcome::cancelled);
  }
  SECTION("the worker is lost") {
    r.rig.hello("w1", 4, 2);
    r.w1 = SessionId{r.rig.last_session};
  }
  CHECK(r.rig.state(token) == RunState::paused);
  CHECK(r.rig.rows[token.run].failed_attempts == 0);
  CHECK(r.rig.why(token.run) == std::set{WhyCode::paused});
  CHECK(r.rig.none<SendAssign>());
  CHECK(r.rig.core.status().held == 1);
  resume(r.rig, token.run);
  const SendAssign next = r.rig.one<SendAssign>();
  CHECK(next.token.run == token.run);
  CHECK(next.token.attempt == token.attempt + 1);
  CHECK(r.rig.rows[token.run].reason.empty());
}

TEST_CASE("a run that ends well before it is stopped has ended") {
  Running r;
  const Token token = r.rig.start("photos");
  pause(r.rig, token.run);
  r.rig.end(r.w1, token, Outcome::succeeded);
  CHECK(r.rig.state(token) == RunState::succeeded);
}

TEST_CASE("a run resumed while it is being stopped goes straight on") {
  Running r;
  const Token token = r.rig.start("photos");
  pause(r.rig, token.run);
  resume(r.rig, token.run);
  CHECK(r.rig.state(token) == RunState::starting);
  r.rig.end(r.w1, token, Outcome::cancelled);
  CHECK(r.rig.one<SendAssign>().token.run == token.run);
  CHECK(r.rig.rows[token.run].failed_attempts == 0);
}

TEST_CASE("a run that no worker holds is paused at once, and can be cancelled") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const RunId run = rig.enqueue("photos").run;
  const bool offered = GENERATE(false, true);
  if (offered) rig.hello("w1");
  pause(rig, run);
  CHECK(rig.all<SendWithdraw>().size() == (offered ? 1 : 0));
  CHECK(rig.state(run) == RunState::paused);
  rig.hello("w2");
  CHECK(rig.none<SendAssign>());
  SECTION("and a restart leaves it so") {
    rig.restart();
    rig.hello("w2", 4, 2);
    CHECK(rig.none<SendAssign>());
    CHECK(rig.state(run) == RunState::paused);
  }
  SECTION("and a cancel ends it") {
    CHECK(rig.cancel(run).rows.at(0).state == RunState::cancelled);
  }
}

TEST_CASE("paused jobs and clients start nothing, and say why") {
  Rig rig;
  rig.client("default");
  rig.job("photos");
  rig.load();
  rig.hello("w1");
  JobPlan plan = rig.snapshot.jobs[0];
  ClientRow client = rig.snapshot.clients[0];
  SECTION("a job") {
    plan.paused = "moving house";
    rig.step(JobPut{plan, false});
    const RunId run = rig.enqueue("photos").run;
    CHECK(rig.none<SendAssign>());
    CHECK(rig.why(run) == std::set{WhyCode::job_paused});
    plan.paused.clear();
    rig.step(JobPut{plan, false});
    CHECK(rig.all<SendAssign>().size() == 1);
  }
  SECTION("a client") {
    client.paused = "not paid";
    rig.step(ClientPut{client});
    const RunId run = rig.enqueue("photos").run;
    CHECK(rig.none<SendAssign>());
    CHECK(rig.why(run) == std::set{WhyCode::client_paused});
    client.paused.clear();
    rig.step(ClientPut{client});
    CHECK(rig.all<SendAssign>().size() == 1);
  }
}

TEST_CASE("maintenance that stops what runs lets it go on afterwards") {
  Running r;
  const Token token = r.rig.start("photos");
  LiveSettings settings;
  settings.queue_paused = true;
  settings.queue_paused_reason = "new disks";
  settings.queue_paused_stops = true;
  r.rig.step(SettingsPut{settings});
  CHECK(r.rig.one<SendStop>().message.pause);
  r.rig.end(r.w1, token, Outcome::cancelled);
  CHECK(r.rig.state(token) == RunState::paused);
  r.rig.step(SettingsPut{LiveSettings{}});
  CHECK(r.rig.one<SendAssign>().token.run == token.run);
}

TEST_CASE("a run due outside its window waits, and one that is on at its end goes on in the next") {
  Rig rig;  // Sunday, 12:00 UTC
  rig.job("photos").policy = R"({"limits":{"windows":[{"from":"22:00","to":"06:00"}]}})";
  rig.load();
  SessionId w1 = rig.hello("w1");
  const RunId run = rig.enqueue("photos").run;
  CHECK(rig.none<SendAssign>());
  CHECK(rig.why(run) == std::set{WhyCode::window});
  CHECK(rig.core.why(run, rig.now)->reasons[0].text ==
        "the job may not run now; its window opens at 2026-03-01T22:00:00Z");
  rig.run_for(hours{10});
  const SendAssign assign = rig.one<SendAssign>();
  rig.step(WorkerAccept{w1, assign.token});
  for (int i = 0; i < 95; ++i) {  // to 05:59
    rig.run_for(minutes{5} + seconds{2});
    rig.renew(w1, {assign.token});
  }
  CHECK(rig.none<SendStop>());
  rig.run_for(minutes{5});
  CHECK(rig.one<SendStop>().message.pause);
  rig.end(w1, assign.token, Outcome::cancelled);
  CHECK(rig.state(run) == RunState::paused);
  CHECK(rig.rows[run].reason == "its window has ended; it goes on at 2026-03-02T22:00:00Z");
  CHECK(rig.why(run) == std::set{WhyCode::window});
  SECTION("by the clock") {
    rig.run_for(hours{16} + minutes{1});
  }
  SECTION("by the clock, across a restart") {
    rig.restart();
    w1 = rig.hello("w1");
    rig.run_for(hours{16} + minutes{1});
  }
  SECTION("because the windows were taken away") {
    JobPlan plan = rig.snapshot.jobs[0];
    plan.policy.clear();
    rig.step(JobPut{plan, false});
  }
  CHECK(rig.all<SendAssign>().at(0).token.run == run);
}

TEST_CASE("a waiting run moves in the queue with its priority") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const RunId first = rig.enqueue("photos").run;
  const RunId second = rig.enqueue("photos").run;
  rig.step(SetPriority{second, 5, "ann"});
  CHECK(rig.rows[second].priority == 5);
  CHECK(rig.events() == std::vector<std::string>{"run.priority"});
  rig.hello("w1", 1);
  CHECK(rig.one<SendAssign>().token.run == second);
  CHECK(rig.state(first) == RunState::queued);
}

TEST_CASE("a rerun does again what the first run did, and refers to it") {
  Running r;
  const Token token = r.rig.start("photos");
  r.rig.end(r.w1, token);
  Enqueue request;
  request.job = "photos";
  request.rerun_of = token.run;
  r.rig.step(RunNow{Asker{SessionId{900}, 7, "ann"}, request,
                    RunNow::Rerun{JobKind::restore, R"({"approved":false})"}});
  const SendAssign assign = r.rig.one<SendAssign>();
  CHECK(assign.kind == JobKind::restore);
  CHECK(assign.task == R"({"approved":false})");
  CHECK(r.rig.rows[assign.token.run].rerun_of == token.run);
}

}  // namespace dray::scheduler
