#include "daemon/scheduler/shell.h"

#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

Enqueued enqueue(ShellRig& rig, const std::string& job = "photos") {
  rig.posted.clear();
  Enqueue request;
  request.job = job;
  request.asked_by = "ann";
  rig.shell->enqueue(request, {{50}, rig.next_id++, "dray@host"}, rig.now);
  CHECK(rig.sent<Enqueued>().empty());
  rig.shell->finish_turn(rig.now);
  const auto replies = rig.sent<Enqueued>();
  REQUIRE(replies.size() == 1);
  return replies[0];
}

// Through ASSIGN, ACCEPT and START.
Token start_run(ShellRig& rig) {
  enqueue(rig);
  const auto assigns = rig.sent<Assign>();
  REQUIRE(assigns.size() == 1);
  rig.posted.clear();
  rig.shell->handle(scheduler::WorkerAccept{{7}, assigns[0].token}, rig.now);
  CHECK(rig.sent<Start>().empty());
  rig.shell->finish_turn(rig.now);
  REQUIRE(rig.sent<Start>().size() == 1);
  return assigns[0].token;
}

TEST_CASE("A run goes from asking to its durable outcome") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  const Token token = start_run(rig);
  AttemptResult result;
  result.token = token;
  result.outcome = Outcome::succeeded;
  result.bytes = 77;
  result.log_excerpt = "ok";
  rig.posted.clear();
  rig.shell->handle(scheduler::WorkerResult{{7}, result}, rig.now);
  CHECK(rig.sent<ResultAck>().empty());
  rig.shell->finish_turn(rig.now);
  CHECK(rig.sent<ResultAck>().size() == 1);
  CHECK_FALSE(rig.sent<EventMessage>().empty());
  const auto run = rig.queries().run(token.run).value();
  REQUIRE(run);
  CHECK(run->state == RunState::succeeded);
  CHECK(run->bytes == 77);
  CHECK(rig.text("run.show", fmt::format(R"({{"run":{}}})", token.run))
            .find(R"("log_excerpt":"ok")") != std::string::npos);
  CHECK(rig.text("run.why", fmt::format(R"({{"run":{}}})", token.run))
            .find("it has ended: succeeded") != std::string::npos);
}

TEST_CASE("Events are numbered without gaps and published after they are stored") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  start_run(rig);
  const auto stored = rig.queries().events({}).value();
  REQUIRE_FALSE(stored.empty());
  for (size_t i = 0; i < stored.size(); ++i)
    CHECK(stored[i].sequence == i + 1);
}

TEST_CASE("An assignment carries the job, its remotes and what they refer to") {
  ShellRig rig;
  rig.ready();
  rig.add_remote("vault", R"(["dst"])");
  rig.add_job("photos", "vault:x");
  enqueue(rig);
  const auto assigns = rig.sent<Assign>();
  REQUIRE(assigns.size() == 1);
  const RunSpec& spec = assigns[0].spec;
  CHECK(spec.job == "photos");
  CHECK(spec.destination == Endpoint{"vault", "x"});
  REQUIRE(spec.remotes.size() == 3);
  CHECK(spec.remotes[0].name == "src");
  CHECK(spec.remotes[1].name == "vault");
  CHECK(spec.remotes[2].name == "dst");
  CHECK(spec.remotes[0].sealed == std::string("\x00\x01\x02", 3));
}

TEST_CASE("A run whose remote is gone fails with the reason instead of waiting for ever") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  REQUIRE(rig.store->begin());
  REQUIRE(rig.catalog().remove_remote("default", "dst"));
  REQUIRE(rig.store->commit());
  const RunId run = enqueue(rig).run;
  const auto view = rig.queries().run(run).value();
  REQUIRE(view);
  CHECK(view->state == RunState::failed);
  CHECK(view->error_class == ErrorClass::config);
  CHECK(rig.sent<Assign>().empty());
}

TEST_CASE("A full disk refuses new work, keeps leases alive and comes back by itself") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  const Token token = start_run(rig);
  rig.store->db().exec("PRAGMA max_page_count = " + rig.store->db().pragma("page_count"));
  // Fill the last free page.
  uint8_t code = 0;
  for (int i = 0; i < 5000 && code == 0; ++i) {
    const std::string name = fmt::format("client{}-{}", i, std::string(40, 'x'));
    code = rig.ask("client.put", fmt::format(R"({{"name":"{}"}})", name)).code;
  }
  CHECK(from_wire_code(code) == ErrorCode::exhausted);
  CHECK_FALSE(rig.shell->accepting());
  CHECK(from_wire_code(enqueue(rig).code) == ErrorCode::exhausted);
  CHECK(rig.ask("status").code == 0);  // reading goes on

  // Where a little can still be written it is back at once; when the next turn fails it waits.
  CHECK(rig.shell->recover(rig.now));
  rig.shell->finish_turn(rig.now);
  CHECK(from_wire_code(rig.ask("client.put", R"({"name":"more"})").code) == ErrorCode::exhausted);
  CHECK_FALSE(rig.shell->recover(rig.now));
  CHECK(rig.shell->time_to_wait(rig.now) == seconds{1});

  Renew renew;
  renew.epoch = 3;
  renew.round = 9;
  renew.held = {{token, RunState::running, {}}};
  rig.posted.clear();
  rig.shell->handle(scheduler::WorkerRenew{{7}, renew}, rig.now);
  rig.shell->finish_turn(rig.now);
  const auto renewed = rig.sent<Renewed>();
  REQUIRE(renewed.size() == 1);
  CHECK(renewed[0].renewed == std::vector<Token>{token});

  rig.store->db().exec("PRAGMA max_page_count = 1000000");
  rig.now.mono += seconds{5};
  CHECK(rig.shell->recover(rig.now));
  rig.shell->finish_turn(rig.now);
  CHECK(rig.shell->accepting());
  CHECK(rig.ask("client.put", R"({"name":"after"})").code == 0);
  CHECK(rig.queries().run(token.run).value()->attempt == 1);
}

TEST_CASE("A restart keeps what was acknowledged") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  const Token token = start_run(rig);
  rig.restart();
  REQUIRE(rig.shell->core().find_run(token.run) != nullptr);
  CHECK(rig.shell->core().is_current(token));
}

TEST_CASE("A cancel with control characters in its reason is refused") {
  ShellRig rig;
  CancelRequest request;
  request.all = true;
  request.reason = "a\nb";
  rig.shell->cancel(request, {{50}, 1, "dray@host"}, rig.now);
  rig.shell->finish_turn(rig.now);
  REQUIRE(rig.sent<CancelReply>().size() == 1);
  CHECK(from_wire_code(rig.sent<CancelReply>()[0].code) == ErrorCode::invalid);
}

TEST_CASE("A disk below its floor pauses the queue with the reason") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  rig.shell->set_disk_low("the disk is low", rig.now);
  rig.shell->finish_turn(rig.now);
  enqueue(rig);
  CHECK(rig.sent<Assign>().empty());
  rig.posted.clear();
  rig.shell->set_disk_low(std::nullopt, rig.now);
  rig.shell->finish_turn(rig.now);
  CHECK(rig.sent<Assign>().size() == 1);
}

}  // namespace
}  // namespace dray
