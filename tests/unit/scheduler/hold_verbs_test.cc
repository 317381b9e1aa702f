// Held runs through the shell: what is stored, told to the next attempt and written down.
#include "daemon/scheduler/run_facts.h"
#include "schemas/json_fields.h"
#include "schemas/report.h"
#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

struct HoldRig : ShellRig {
  HoldRig() {
    ready();
    add_job();
  }
  Token start() {
    posted.clear();
    Enqueue request;
    request.job = "photos";
    shell->enqueue(request, {{50}, next_id++, "ann"}, Role::ops, now);
    shell->finish_turn(now);
    return accept();
  }
  Token accept() {
    const std::vector<Assign> assigned = sent<Assign>();
    REQUIRE(assigned.size() == 1);
    task = assigned.front().spec.task;
    const Token token = assigned.front().token;
    posted.clear();
    shell->handle(scheduler::WorkerAccept{{7}, token}, now);
    shell->finish_turn(now);
    return token;
  }
  void end(const Token& token, Outcome outcome, uint64_t deletes, uint64_t overwrites) {
    AttemptReport report;
    report.guard.push_back({});
    report.guard.front().deletes = deletes;
    report.guard.front().overwrites = overwrites;
    report.guard.front().reason = "unusual";
    AttemptResult result;
    result.token = token;
    result.outcome = outcome;
    result.duration_ms = 1000 * (deletes + 1);
    result.bytes = 100 * (deletes + 1);
    result.report = to_json(report);
    posted.clear();
    shell->handle(scheduler::WorkerResult{{7}, result}, now);
    shell->finish_turn(now);
    now.wall += seconds{1};
  }
  std::string run(const Token& token) const { return fmt::format(R"({{"run":{}}})", token.run); }

  std::string task;
};

TEST_CASE("A held run is approved through its verb, and the decision is audited") {
  HoldRig rig;
  const Token token = rig.start();
  CHECK(rig.text("run.approve", rig.run(token)).starts_with("conflict: "));
  rig.end(token, Outcome::held, 5, 0);
  CHECK(rig.text("run.show", rig.run(token)).find(R"("state":"held")") != std::string::npos);
  CHECK(rig.text("run.show", rig.run(token)).find(R"("reason":"unusual")") != std::string::npos);
  rig.restart();
  rig.worker_says_hello();
  CHECK(rig.text("run.approve", R"({"run":99})").starts_with("not_found: "));
  CHECK(rig.ask("run.approve", R"({"run":1,"reason":"a\nb"})").code != 0);
  CHECK(rig.text("run.approve", rig.run(token)) == R"({"run":1,"state":"queued"})");
  const Token second = rig.accept();
  CHECK(second.attempt == 2);
  CHECK(from_json<RunTask>(rig.task)->approved);
  CHECK(rig.text("run.approve", rig.run(token)).starts_with("conflict: "));
  CHECK(rig.text("audit.list").find("run.approve") != std::string::npos);
}

TEST_CASE("A held run is rejected through its verb") {
  HoldRig rig;
  const Token token = rig.start();
  rig.end(token, Outcome::held, 5, 0);
  CHECK(rig.text("run.reject", R"({"run":1,"reason":"an accident"})") ==
        R"({"run":1,"state":"cancelled"})");
  const std::string shown = rig.text("run.show", rig.run(token));
  CHECK(shown.find(R"("state":"cancelled")") != std::string::npos);
  CHECK(shown.find("an accident") != std::string::npos);
  CHECK(rig.text("run.reject", rig.run(token)).starts_with("conflict: "));
}

TEST_CASE("A run is told what the last good runs of its job did, and nothing of bad ones") {
  HoldRig rig;
  rig.end(rig.start(), Outcome::succeeded, 3, 1);
  rig.end(rig.start(), Outcome::warning, 1, 8);
  rig.end(rig.start(), Outcome::failed, 1000, 1000);
  rig.start();
  const auto task = from_json<RunTask>(rig.task);
  REQUIRE(task);
  CHECK(task->learned.deletes == 3);
  CHECK(task->learned.overwrites == 8);
  CHECK(task->learned.duration_ms == 4000);
  CHECK(task->learned.bytes == 400);
  const auto other = store::learned_counts(rig.store->db(), JobId{1}, JobKind::copy);
  REQUIRE(other);
  CHECK(*other == LearnedCounts{});
}

TEST_CASE("What a person approved counts as done before") {
  HoldRig rig;
  const Token token = rig.start();
  rig.end(token, Outcome::held, 50, 20);
  rig.posted.clear();
  REQUIRE(rig.ask("run.approve", rig.run(token)).code == 0);
  const Token second = rig.accept();
  AttemptResult done;
  done.token = second;
  done.outcome = Outcome::succeeded;
  done.duration_ms = 500;
  rig.shell->handle(scheduler::WorkerResult{{7}, done}, rig.now);
  rig.shell->finish_turn(rig.now);
  const auto learned = store::learned_counts(rig.store->db(), JobId{1}, JobKind::sync);
  REQUIRE(learned);
  CHECK(learned->deletes == 50);
  CHECK(learned->overwrites == 20);
  CHECK(learned->duration_ms == 500);
}

TEST_CASE("Only the last ten good runs count") {
  HoldRig rig;
  rig.end(rig.start(), Outcome::succeeded, 500, 0);
  for (int i = 0; i < store::kLearnedRuns; ++i)
    rig.end(rig.start(), Outcome::succeeded, 1, 0);
  const auto learned = store::learned_counts(rig.store->db(), JobId{1}, JobKind::sync);
  REQUIRE(learned);
  CHECK(learned->deletes == 1);
}

}  // namespace
}  // namespace dray
