#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

size_t count(const std::vector<RunRow>& rows, RunState state) {
  return static_cast<size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const RunRow& r) { return r.state == state; }));
}

TEST_CASE("an occurrence that falls due becomes a queued run, and the high-water mark moves") {
  Rig rig;
  rig.every("photos", hours{1});
  rig.load();
  const WallTime due = rig.now.wall + hours{1};
  CHECK(rig.core.next_deadline().wall == due);
  CHECK(rig.core.next_due(JobId{1}) == due);
  rig.run_for(minutes{59});
  CHECK(rig.rows.empty());
  rig.run_for(minutes{1});
  const RunRow row = rig.rows_of("photos").at(0);
  CHECK(row.state == queued);
  CHECK(row.scheduled_at == due);
  CHECK(row.trigger == Trigger::schedule);
  CHECK(rig.due[JobId{1}].high_water == due);
  CHECK(rig.due[JobId{1}].next_due == due + hours{1});
  CHECK(rig.events() == std::vector<std::string>{"run.queued"});
}

TEST_CASE("a wall clock that is set back fires nothing again") {
  Rig rig;
  rig.every("photos", hours{1}).overlap = OverlapPolicy::allow;
  rig.load();
  rig.run_for(hours{3});
  CHECK(rig.rows.size() == 3);
  rig.now.wall -= hours{2};
  rig.tick();
  CHECK(rig.events() == std::vector<std::string>{"clock.jumped"});
  rig.run_for(hours{2} + minutes{59});
  CHECK(rig.rows.size() == 3);
  rig.run_for(minutes{2});
  CHECK(rig.rows.size() == 4);
}

TEST_CASE("a shell that sleeps as told notices a wall clock that was set forward") {
  Rig rig;
  rig.every("photos", hours{1});
  rig.load();
  CHECK(time_to_wait(rig.core.next_deadline(), rig.now) == seconds{1});
  rig.now.wall += hours{1};
  CHECK(time_to_wait(rig.core.next_deadline(), rig.now) == Duration{0});
  rig.tick();
  CHECK(rig.rows.size() == 1);
}

TEST_CASE("missed occurrences follow the misfire policy, and each has its row") {
  struct Row {
    MisfirePolicy policy;
    uint32_t max;
    size_t runs;
  };
  const Row row = GENERATE(Row{MisfirePolicy::run_once, 10, 1}, Row{MisfirePolicy::skip, 10, 0},
                           Row{MisfirePolicy::run_all, 3, 3}, Row{MisfirePolicy::run_all, 50, 5});
  Rig rig;
  JobPlan& plan = rig.every("photos", hours{1});
  plan.misfire = row.policy;
  plan.misfire_max = row.max;
  rig.load();
  rig.advance(hours{5} + minutes{30});
  rig.restart();
  rig.tick();
  const std::vector<RunRow> rows = rig.rows_of("photos");
  CHECK(rows.size() == 5);
  CHECK(count(rows, queued) == row.runs);
  CHECK(count(rows, missed) == 5 - row.runs);
  for (const RunRow& each : rows)
    if (each.state == missed) CHECK(each.reason.starts_with("it passed while the scheduler was"));
  if (row.runs > 0) CHECK(rows.back().scheduled_at == wall_at("2026-03-01T17:00:00Z"));
  CHECK(rig.due[JobId{1}].high_water == wall_at("2026-03-01T17:00:00Z"));
}

TEST_CASE("with misfire = skip an occurrence that is seconds late still runs") {
  Rig rig;
  rig.every("photos", hours{1}).misfire = MisfirePolicy::skip;
  rig.load();
  rig.advance(hours{1} + seconds{50});
  rig.tick();
  CHECK(rig.rows_of("photos").at(0).state == queued);
}

TEST_CASE("beyond a hundred missed occurrences one row stands for the older ones") {
  Rig rig;
  rig.every("photos", minutes{1});
  rig.load();
  SECTION("counted") {
    rig.advance(minutes{500});
    rig.tick();
    const std::vector<RunRow> rows = rig.rows_of("photos");
    CHECK(rows.size() == 101);
    CHECK_THAT(rows.front().reason,
               Catch::EndsWith("This row stands for 399 earlier ones as well"));
    CHECK(rows.back().state == queued);
    CHECK(rows.back().scheduled_at == rig.now.wall);
  }
  SECTION("too many to count") {
    rig.advance(hours{24 * 365 * 10});
    rig.tick();
    const std::vector<RunRow> rows = rig.rows_of("photos");
    CHECK(rows.size() == 101);
    CHECK_THAT(rows.front().reason,
               Catch::EndsWith("stands for more than 1000 earlier ones as well"));
    CHECK(rows.back().scheduled_at == rig.now.wall);
    CHECK(rig.core.next_due(JobId{1}) == rig.now.wall + minutes{1});
  }
}

TEST_CASE("the latest missed occurrences are found wherever the counting ends") {
  for (const MisfirePolicy policy :
       {MisfirePolicy::skip, MisfirePolicy::run_once, MisfirePolicy::run_all}) {
    // Around the figure at which the rest is no longer counted: 1000 and the rows that are kept.
    for (int missed = 1095; missed <= 1115; ++missed) {
      CAPTURE(policy, missed);
      Rig rig;
      JobPlan& plan = rig.every("photos", minutes{2});
      plan.misfire = policy;
      plan.misfire_max = 3;
      rig.load();
      rig.advance(minutes{2} * missed);
      rig.tick();
      const std::vector<RunRow> rows = rig.rows_of("photos");
      REQUIRE(rows.size() == (policy == MisfirePolicy::run_all ? 103 : 101));
      for (size_t i = 0; i < rows.size(); ++i)
        REQUIRE(rows[i].scheduled_at == rig.now.wall - minutes{2} * (rows.size() - 1 - i));
    }
  }
}

TEST_CASE("a burst of occurrences is written in steps of bounded size") {
  Rig rig;
  for (int i = 0; i < 2500; ++i)
    rig.every("job" + std::to_string(i), hours{1});
  rig.load();
  rig.advance(hours{1});
  rig.tick();
  CHECK(rig.all<InsertRun>().size() == 1000);
  CHECK(time_to_wait(rig.core.next_deadline(), rig.now) == Duration{0});
  rig.tick();
  rig.tick();
  CHECK(rig.rows.size() == 2500);
}

TEST_CASE("an occurrence that falls due while a run is open follows the overlap policy") {
  Rig rig;
  JobPlan& plan = rig.every("photos", hours{1});
  SECTION("skip: a row that names the run in the way") {
    rig.load();
    rig.run_for(hours{2});
    const std::vector<RunRow> rows = rig.rows_of("photos");
    CHECK(rows.at(1).state == skipped);
    CHECK(rows.at(1).reason == "run 1 of the job has not ended (queued)");
    CHECK(rig.events() == std::vector<std::string>{"run.queued", "run.skipped"});
  }
  SECTION("queue_one: one waits behind the running one, the next is skipped") {
    plan.overlap = OverlapPolicy::queue_one;
    rig.load();
    const SessionId w1 = rig.hello("w1");
    rig.run_for(hours{1});
    const Token token = rig.one<SendAssign>().token;
    rig.step(WorkerAccept{w1, token});
    for (int i = 0; i < 120; ++i) {
      rig.advance(minutes{1});
      rig.renew(w1, {token});
    }
    CHECK(rig.state(RunId{2}) == queued);
    CHECK(rig.why(RunId{2}).contains(WhyCode::job_cap));
    CHECK(rig.rows[RunId{3}].reason == "run 2 of the job already waits (queued)");
    rig.end(w1, token);
    CHECK(rig.one<SendAssign>().token.run == RunId{2});
  }
  SECTION("cancel_previous: the open one is stopped, the new one waits until it is gone") {
    plan.overlap = OverlapPolicy::cancel_previous;
    rig.load();
    const SessionId w1 = rig.hello("w1");
    rig.run_for(hours{1});
    const Token token = rig.one<SendAssign>().token;
    rig.step(WorkerAccept{w1, token});
    rig.advance(hours{1});
    rig.renew(w1, {token});
    CHECK(rig.state(token) == cancelling);
    CHECK(rig.state(RunId{2}) == queued);
    rig.end(w1, token, Outcome::cancelled);
    CHECK(rig.state(token) == cancelled);
    CHECK(rig.one<SendAssign>().token.run == RunId{2});
  }
  SECTION("allow: both, up to max_concurrent") {
    plan.overlap = OverlapPolicy::allow;
    plan.max_concurrent = 2;
    rig.load();
    rig.run_for(hours{3});
    rig.hello("w1");
    CHECK(rig.all<SendAssign>().size() == 2);
    CHECK(rig.why(RunId{3}).contains(WhyCode::job_cap));
  }
}

TEST_CASE("a manual run meets the overlap policy as a conflict that names the run in the way") {
  Rig rig;
  rig.every("photos", hours{1});
  rig.load();
  const Enqueued first = rig.enqueue("photos");
  const Enqueued second = rig.enqueue("photos");
  CHECK(second.code == static_cast<int>(ErrorCode::conflict) + 1);
  CHECK(second.run == first.run);
  CHECK(second.message == "run 1 of the job has not ended (queued)");
}

TEST_CASE("run_all queues its occurrences side by side, and they run one after another") {
  Rig rig;
  JobPlan& plan = rig.every("photos", hours{1});
  plan.misfire = MisfirePolicy::run_all;
  rig.load();
  rig.advance(hours{3});
  rig.tick();
  const SessionId w1 = rig.hello("w1");
  for (uint64_t id = 1; id <= 3; ++id) {
    const Token token = rig.one<SendAssign>().token;
    CHECK(token.run == RunId{id});
    rig.step(WorkerAccept{w1, token});
    rig.end(w1, token);
  }
}

TEST_CASE("a disabled job makes no rows, and nothing is caught up when it is enabled") {
  Rig rig;
  JobPlan plan = rig.every("photos", hours{1});
  rig.load();
  plan.enabled = false;
  rig.step(JobPut{plan, false});
  CHECK(rig.one<UpdateJobDue>().next_due == std::nullopt);
  rig.run_for(hours{5});
  CHECK(rig.rows.empty());
  plan.enabled = true;
  rig.advance(minutes{10});
  rig.step(JobPut{plan, false});
  CHECK(rig.core.next_due(JobId{1}) == wall_at("2026-03-01T18:00:00Z"));
  CHECK(rig.rows.empty());
}

TEST_CASE("a job that is edited keeps its occurrences; one with a new schedule begins now") {
  Rig rig;
  JobPlan plan = rig.every("photos", hours{1});
  rig.load();
  rig.advance(minutes{90});
  SECTION("the same schedule: what is due still runs") {
    plan.priority = 5;
    rig.step(JobPut{plan, false});
    CHECK(rig.rows.size() == 1);
  }
  SECTION("another schedule") {
    plan.schedule.every_seconds = 7200;
    rig.step(JobPut{plan, false});
    CHECK(rig.rows.empty());
    CHECK(rig.core.next_due(JobId{1}) == wall_at("2026-03-01T14:00:00Z"));
  }
}

TEST_CASE("a schedule that cannot be computed is reported, and the others go on") {
  Rig rig;
  JobPlan& broken = rig.every("broken", hours{1});
  broken.schedule = {ScheduleKind::daily, "03:00", 0, "", 0, "Mars/Olympus"};
  rig.every("photos", hours{1});
  rig.load();
  CHECK(rig.events() == std::vector<std::string>{"job.broken"});
  rig.run_for(hours{1});
  CHECK(rig.rows_of("photos").size() == 1);
}

TEST_CASE("a removed job's waiting runs are cancelled and its running ones stopped") {
  Rig rig;
  rig.job("photos").max_concurrent = 1;
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  const RunId second = rig.enqueue("photos").run;
  rig.step(JobRemoved{JobId{1}});
  CHECK(rig.state(second) == cancelled);
  CHECK(rig.state(token) == cancelling);
  CHECK(rig.one<SendStop>().message.reason == "the job was removed");
  rig.end(w1, token, Outcome::cancelled);
  CHECK(rig.state(token) == cancelled);
  CHECK(rig.core.status().jobs == 0);
}

TEST_CASE("every occurrence up to the high-water mark has exactly one row after many restarts") {
  Rig rig;
  rig.every("photos", minutes{10}).misfire = MisfirePolicy::run_all;
  rig.load();
  for (int i = 0; i < 20; ++i) {
    rig.run_for(minutes{7 * (i % 5)});
    rig.advance(minutes{13 * (i % 3)});
    rig.restart();
    rig.tick();
  }
  const WallTime high_water = rig.due[JobId{1}].high_water;
  const int64_t expected = (high_water - wall_at("2026-03-01T12:00:00Z")) / minutes{10};
  CHECK(rig.rows.size() == static_cast<size_t>(expected));
}

}  // namespace
}  // namespace dray::scheduler
