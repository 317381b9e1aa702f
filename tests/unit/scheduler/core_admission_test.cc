#include <deque>
#include <functional>

#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

TEST_CASE("each cap holds a run back, is named by why(), and lets it go when it is raised") {
  struct Row {
    const char* name;
    WhyCode code;
    std::function<void(Rig&, JobPlan&)> cap;
    std::function<void(Rig&, JobPlan&)> lift;
  };
  const std::vector<Row> rows = {
      {"global", WhyCode::global_cap,
       [](Rig& r, JobPlan&) { r.snapshot.settings.global_max_concurrent_jobs = 1; },
       [](Rig& r, JobPlan&) { r.step(SettingsPut{LiveSettings{}}); }},
      {"client", WhyCode::client_cap,
       [](Rig& r, JobPlan&) { r.snapshot.clients[0].spec.max_concurrent_jobs = 1; },
       [](Rig& r, JobPlan&) {
         ClientRow row = r.snapshot.clients[0];
         row.spec.max_concurrent_jobs = 2;
         r.step(ClientPut{row});
       }},
      {"job", WhyCode::job_cap, [](Rig&, JobPlan& p) { p.max_concurrent = 1; },
       [](Rig& r, JobPlan& p) {
         p.max_concurrent = 2;
         r.step(JobPut{p, false});
       }},
      {"account", WhyCode::account_cap,
       [](Rig& r, JobPlan&) {
         r.snapshot.accounts.push_back({"default", "src", 1});
       },
       [](Rig& r, JobPlan&) {
         r.step(AccountPut{{"default", "src", 0}});
       }},
      {"slots", WhyCode::no_slot, [](Rig&, JobPlan&) {}, [](Rig& r, JobPlan&) { r.hello("w2"); }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Rig each;
    each.job("photos").accounts = {"src"};
    each.client("default");
    row.cap(each, each.snapshot.jobs[0]);
    each.load();
    each.hello("w1", row.code == WhyCode::no_slot ? 1 : 4);
    each.start("photos");
    const RunId second = each.enqueue("photos").run;
    CHECK(each.none<SendAssign>());
    CHECK(each.why(second) == std::set{row.code});
    row.lift(each, each.snapshot.jobs[0]);
    CHECK(each.one<SendAssign>().token.run == second);
  }
}

TEST_CASE("why() names all reasons at once") {
  Rig rig;
  JobPlan& plan = rig.job("photos");
  plan.max_concurrent = 1;
  plan.accounts = {"src"};
  rig.client("default").max_concurrent_jobs = 1;
  rig.snapshot.accounts.push_back({"default", "src", 1});
  rig.snapshot.settings.global_max_concurrent_jobs = 1;
  rig.load();
  rig.hello("w1", 1);
  rig.start("photos");
  const RunId second = rig.enqueue("photos").run;
  LiveSettings paused = rig.snapshot.settings;
  paused.queue_paused = true;
  paused.queue_paused_reason = "maintenance";
  rig.step(SettingsPut{paused});
  CHECK(rig.why(second) == std::set{WhyCode::paused, WhyCode::global_cap, WhyCode::client_cap,
                                    WhyCode::job_cap, WhyCode::account_cap, WhyCode::no_slot});
  CHECK(rig.core.why(second, rig.now)->reasons.front().text == "the queue is paused: maintenance");
  CHECK(rig.core.why(RunId{99}, rig.now) == std::nullopt);
}

TEST_CASE("no worker, or only draining ones, is a reason of its own") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const RunId run = rig.enqueue("photos").run;
  CHECK(rig.why(run) == std::set{WhyCode::no_worker});
  rig.step(WorkerDrain{"w1", true});
  const SessionId w1 = rig.hello("w1");
  CHECK(rig.none<SendAssign>());
  CHECK(rig.why(run) == std::set{WhyCode::workers_draining});
  rig.step(WorkerDrain{"w1", false});
  CHECK(rig.one<SendAssign>().session == w1);
}

TEST_CASE("a paused queue starts nothing and lets what runs go on") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token token = rig.start("photos");
  LiveSettings settings;
  settings.queue_paused = true;
  rig.step(SettingsPut{settings});
  const RunId second = rig.enqueue("photos").run;
  CHECK(rig.none<SendAssign>());
  rig.end(w1, token);
  CHECK(rig.state(token) == succeeded);
  CHECK(rig.none<SendAssign>());
  rig.step(SettingsPut{LiveSettings{}});
  CHECK(rig.one<SendAssign>().token.run == second);
}

TEST_CASE("runs of two jobs with overlapping destinations never go side by side") {
  struct Row {
    const char* a;
    const char* b;
    bool overlap;
  };
  const Row row = GENERATE(Row{"data", "data", true}, Row{"data", "data/photos", true},
                           Row{"data/photos/2026", "data", true}, Row{"", "x", true},
                           Row{"data", "database", false}, Row{"data/./a/", "/data//a", true},
                           Row{"data/a/../b", "data/b", true}, Row{"data/a", "data/b", false});
  INFO(row.a << " and " << row.b);
  Rig rig;
  rig.job("one").destination.path = row.a;
  rig.job("two").destination.path = row.b;
  rig.load();
  const SessionId w1 = rig.hello("w1");
  const Token first = rig.start("one");
  const RunId second = rig.enqueue("two").run;
  CHECK(rig.none<SendAssign>() == row.overlap);
  if (!row.overlap) return;
  CHECK(rig.why(second) == std::set{WhyCode::destination});
  CHECK(rig.core.why(second, rig.now)->reasons.front().run == first.run);
  rig.end(w1, first);
  CHECK(rig.one<SendAssign>().token.run == second);
}

TEST_CASE("the same path on another remote, or of another client, is another place") {
  Rig rig;
  rig.job("one").destination = {"a", "data"};
  rig.job("two").destination = {"b", "data"};
  rig.job("three", "other").destination = {"a", "data"};
  rig.load();
  rig.hello("w1");
  rig.start("one");
  rig.start("two");
  rig.start("three");
  CHECK(rig.core.status().on_worker == 3);
}

TEST_CASE("under backlog starts follow the weights of the clients") {
  const uint32_t slots = GENERATE(1u, 2u, 7u);
  Rig rig;
  rig.client("small", 1);
  rig.client("large", 3);
  rig.job("s", "small");
  rig.job("l", "large");
  rig.load();
  for (int i = 0; i < 400; ++i) {
    rig.enqueue("s");
    rig.enqueue("l");
  }
  const SessionId w1 = rig.hello("w1", slots);
  std::map<std::string, int> started;
  std::deque<Token> going;
  for (int i = 0; i < 200; ++i) {
    for (const SendAssign& assign : rig.all<SendAssign>()) {
      going.push_back(assign.token);
      ++started[rig.rows[assign.token.run].client];
    }
    rig.step(WorkerAccept{w1, going.front()});
    rig.end(w1, going.front());
    going.pop_front();
  }
  CHECK(started["large"] == Approx(3 * started["small"]).margin(3 * slots));
}

TEST_CASE("long runs of one client do not keep another client out") {
  Rig rig;
  rig.client("long");
  rig.client("short");
  rig.job("l", "long");
  rig.job("s", "short");
  rig.load();
  for (int i = 0; i < 10; ++i)
    rig.enqueue("l");
  for (int i = 0; i < 50; ++i)
    rig.enqueue("s");
  const SessionId w1 = rig.hello("w1", 2);
  for (int i = 0; i < 40; ++i) {
    for (const SendAssign& assign : rig.all<SendAssign>())
      rig.step(WorkerAccept{w1, assign.token});
    const std::vector<RunId> open = rig.core.open_runs(100);
    for (const RunId id : open) {
      const RunRow* row = rig.core.find_run(id);
      if (row == nullptr || row->client != "short" || !is_on_worker(row->state)) continue;
      rig.end(w1, row->token());
      break;
    }
  }
  const std::vector<RunRow> shorts = rig.rows_of("s");
  CHECK(std::count_if(shorts.begin(), shorts.end(),
                      [](const RunRow& r) { return r.state == succeeded; }) >= 39);
}

TEST_CASE("within a client the higher priority goes first, and age beats it in the end") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const RunId old_low = rig.enqueue("photos", "", -10).run;
  rig.advance(minutes{10});
  const RunId middle = rig.enqueue("photos", "", 0).run;
  const RunId high = rig.enqueue("photos", "", 10).run;
  rig.advance(hours{2});
  const RunId late_high = rig.enqueue("photos", "", 10).run;
  const SessionId w1 = rig.hello("w1", 1);
  std::vector<RunId> order;
  while (order.size() < 4) {
    const Token token = rig.one<SendAssign>().token;
    order.push_back(token.run);
    rig.step(WorkerAccept{w1, token});
    rig.end(w1, token);
  }
  CHECK(order == std::vector{high, middle, old_low, late_high});
}

TEST_CASE("the worker with the larger free part of its slots is chosen") {
  Rig rig;
  rig.job("photos");
  rig.load();
  const SessionId w1 = rig.hello("w1", 1);
  const SessionId w2 = rig.hello("w2", 4);
  rig.enqueue("photos");
  CHECK(rig.one<SendAssign>().session == w1);
  rig.enqueue("photos");
  CHECK(rig.one<SendAssign>().session == w2);
}

TEST_CASE("a run that waits for an account is not passed by when the woken one is cancelled") {
  Rig rig;
  rig.job("a").accounts = {"src"};
  rig.job("b").accounts = {"src"};
  rig.snapshot.accounts.push_back({"default", "src", 1});
  rig.load();
  const SessionId w1 = rig.hello("w1", 1);
  const Token first = rig.start("a");
  const RunId second = rig.enqueue("a").run;
  const RunId third = rig.enqueue("b").run;
  LiveSettings paused;
  paused.queue_paused = true;
  rig.step(SettingsPut{paused});
  rig.end(w1, first);  // wakes the second, which cannot start
  rig.cancel(second);
  rig.step(SettingsPut{LiveSettings{}});
  CHECK(rig.one<SendAssign>().token.run == third);
}

}  // namespace
}  // namespace dray::scheduler
