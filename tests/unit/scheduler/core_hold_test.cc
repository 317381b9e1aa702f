#include "schemas/json_fields.h"
#include "schemas/report.h"
#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

using enum RunState;

AttemptReport guard_report(uint64_t deletes) {
  AttemptReport report;
  GuardReport guard;
  guard.held = true;
  guard.reason = "the source is empty";
  guard.known_files = 10;
  guard.deletes = deletes;
  report.guard.push_back(guard);
  return report;
}

struct HoldRig : Rig {
  HoldRig() {
    JobPlan& plan = job("photos");
    plan.overlap = OverlapPolicy::skip;
    plan.max_concurrent = 1;
    load();
    worker = hello("w1", 1);
  }
  Token hold() {
    const Token token = start("photos");
    AttemptResult held = result(token, Outcome::held, ErrorClass::guard);
    held.report = to_json(guard_report(10));
    step(WorkerResult{worker, held});
    return token;
  }
  void decide(RunId run, bool approve, const std::string& reason = "") {
    step(DecideHeld{run, approve, reason, "ann"});
  }
  SessionId worker;
};

TEST_CASE("a held run frees its slot, says why, and waits for a person") {
  HoldRig rig;
  const Token token = rig.hold();
  CHECK(rig.state(token) == held);
  CHECK(rig.events() == std::vector<std::string>{"run.held"});
  CHECK(rig.one<AddEvent>().event.body.contains("\"deletes\":10"));
  CHECK(rig.one<SendOwners>().message.remove == std::vector<Token>{token});
  CHECK(rig.rows[token.run].reason == "the source is empty");
  CHECK(rig.rows[token.run].failed_attempts == 0);
  CHECK(rig.why(token.run) == std::set<WhyCode>{WhyCode::approval});
  rig.run_for(hours{48});
  CHECK(rig.state(token) == held);
  CHECK(rig.enqueue("photos").code != 0);  // overlap: the run is still open
}

TEST_CASE("a run that tidies up after its guard stopped it is held all the same") {
  for (const RunState late : {validating, finishing}) {
    HoldRig rig;
    const Token token = rig.start("photos");
    rig.renew(rig.worker, {token}, 1, late);
    REQUIRE(rig.state(token) == late);
    rig.step(WorkerResult{rig.worker, rig.result(token, Outcome::held, ErrorClass::guard)});
    CHECK(rig.state(token) == held);
  }
}

TEST_CASE("an approved run starts again and is told so") {
  HoldRig rig;
  const Token token = rig.hold();
  rig.decide(token.run, true, "the album was emptied on purpose");
  const SendAssign assign = rig.one<SendAssign>();
  CHECK(assign.token.run == token.run);
  CHECK(assign.token.attempt == 2);
  const auto task = from_json<RunTask>(assign.task);
  REQUIRE(task);
  CHECK(task->approved);
  CHECK(rig.rows[token.run].reason.empty());
  rig.step(WorkerAccept{rig.worker, assign.token});
  rig.end(rig.worker, assign.token);
  CHECK(rig.state(token) == succeeded);
}

TEST_CASE("a rejected run is cancelled by the person who decided") {
  HoldRig rig;
  const Token token = rig.hold();
  rig.decide(token.run, false, "that was an accident");
  CHECK(rig.state(token) == cancelled);
  CHECK(rig.rows[token.run].error_class == ErrorClass::guard);
  CHECK(rig.rows[token.run].reason == "that was an accident");
  CHECK(rig.rows[token.run].cancel_by == "ann");
  CHECK(rig.one<AddCancelRequest>().asked_by == "ann");
  CHECK(rig.events() == std::vector<std::string>{"run.rejected", "run.finished"});
}

TEST_CASE("a held run can be cancelled, and stays held over a restart of the scheduler") {
  HoldRig rig;
  const Token token = rig.hold();
  rig.restart();
  CHECK(rig.state(token) == held);
  CHECK(rig.none<SendAssign>());
  CHECK(rig.cancel(token.run).rows.front().state == cancelled);
}

TEST_CASE("a decision about a run that is not held changes nothing") {
  HoldRig rig;
  const Token token = rig.start("photos");
  rig.decide(token.run, true);
  CHECK(rig.out.empty());
  rig.decide(RunId{999}, false);
  CHECK(rig.out.empty());
}

TEST_CASE("a run that was to be cancelled is not held") {
  HoldRig rig;
  const Token token = rig.start("photos");
  rig.cancel(token.run);
  rig.end(rig.worker, token, Outcome::held, ErrorClass::guard);
  CHECK(rig.state(token) == cancelled);
}

TEST_CASE("the grade of the last attempt is the run's; what is no report is dropped") {
  HoldRig rig;
  const Token token = rig.start("photos");
  AttemptReport report;
  report.validation.push_back({});
  report.validation.front().grade = Grade::hash;
  AttemptResult good = rig.result(token, Outcome::succeeded);
  good.report = to_json(report);
  rig.step(WorkerResult{rig.worker, good});
  CHECK(rig.rows[token.run].grade == Grade::hash);
  CHECK(rig.one<EndAttempt>().attempt.result.report == good.report);

  const Token next = rig.start("photos");
  AttemptResult bad = rig.result(next, Outcome::succeeded);
  bad.report = "not JSON";
  rig.step(WorkerResult{rig.worker, bad});
  CHECK(rig.rows[next.run].grade == Grade::none);
  CHECK(rig.one<EndAttempt>().attempt.result.report.empty());
}

}  // namespace
}  // namespace dray::scheduler
