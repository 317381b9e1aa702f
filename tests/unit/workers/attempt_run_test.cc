#include "workers/attempt_run.h"

#include "schemas/json_fields.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/attempt_state.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

// A step that ends when the test says so, and writes down what happened to it.
class ScriptedStep final : public Step {
 public:
  ScriptedStep(AttemptState& state, std::string name, std::vector<std::string>& diary,
               std::optional<StepEnd> at_once)
      : state_(state), name_(std::move(name)), diary_(diary), at_once_(std::move(at_once)) {}
  void begin() override {
    diary_.push_back("begin " + name_);
    if (at_once_) end(*at_once_);
  }
  void extend(Instant) override { diary_.push_back("extend " + name_); }
  void stop(StopReason reason) override {
    diary_.push_back("stop " + name_);
    end(stopped_end(reason));
  }
  void run() { state_.host.running(); }
  void show(double percent, int64_t bytes) {
    Progress progress;
    progress.phase = Phase::transferring;
    progress.percent = percent;
    progress.bytes_done = progress.bytes_total = bytes;
    state_.host.show(progress, true);
  }
  void end(StepEnd how) { state_.host.ended(std::move(how)); }

 private:
  AttemptState& state_;
  std::string name_;
  std::vector<std::string>& diary_;
  std::optional<StepEnd> at_once_;
};

StepEnd failed() {
  StepEnd end;
  end.outcome = Outcome::failed;
  end.error_class = ErrorClass::integrity;
  end.hint = "It differs.";
  return end;
}
StepEnd warned(std::string hint) {
  StepEnd end;
  end.outcome = Outcome::warning;
  end.hint = std::move(hint);
  return end;
}

struct Planned {
  std::string_view name;
  std::optional<StepEnd> at_once;
  bool always = false;
  double weight = 1;
  Phase phase = Phase::transferring;
  bool main = false;
};

struct Rig : SealedRemotes {
  Rig() : logs(dir / "logs", 1 << 20), context(make_context()) {
    REQUIRE(clear_work_dir(dir / "work"));
    REQUIRE(logs.open());
    add("disk", "local", {});
  }
  RunContext make_context() {
    return {loop,         clock,        family(), logs, keys, "/bin/false", bin("dray-guard"),
            dir / "work", {dir.path()}, {},       {},   "",   seconds{1}};
  }
  static ProcessFamily& family() {
    static ProcessFamily one;
    return one;
  }
  void begin(std::vector<Planned> plan) {
    RunSpec spec;
    spec.source = {"disk", dir / "src"};
    spec.destination = {"disk", dir / "dst"};
    spec.remotes = remotes;
    run = std::make_unique<AttemptRun>(
        context, StartAttempt{{RunId{5}, 1, 7}, std::move(spec), clock.now().mono + hours{1}},
        events, [this, plan](AttemptState& state) {
          std::vector<PlannedStep> made;
          for (const Planned& row : plan) {
            auto step =
                std::make_unique<ScriptedStep>(state, std::string(row.name), diary, row.at_once);
            steps.push_back(step.get());
            made.push_back({std::string(row.name), row.phase, row.weight, row.always,
                            std::move(step), row.main});
          }
          return made;
        });
    run->begin();
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  LogStore logs;
  RunContext context;
  std::vector<std::string> diary;
  std::vector<Progress> pictures;
  std::optional<AttemptResult> result;
  int told_running = 0;
  ExecutorEvents events{
      .running = [this](const Token&) { ++told_running; },
      .progress = [this](const Token&, const Progress& p) { pictures.push_back(p); },
      .ended = [this](AttemptResult r) { result = std::move(r); }};
  std::vector<ScriptedStep*> steps;
  std::unique_ptr<AttemptRun> run;
};

using Diary = std::vector<std::string>;

TEST_CASE("steps follow each other, and the attempt succeeds when all of them did") {
  Rig rig;
  rig.begin({{"guard", StepEnd{}}, {"transfer", {}}, {"validate", StepEnd{}}});
  CHECK(rig.diary == Diary{"begin guard", "begin transfer"});
  rig.steps[1]->run();
  rig.steps[1]->run();
  CHECK(rig.told_running == 1);
  CHECK_FALSE(rig.result);
  rig.steps[1]->end({});
  REQUIRE(rig.result);
  CHECK(rig.result->outcome == Outcome::succeeded);
  CHECK(rig.diary.back() == "begin validate");
  const auto report = from_json<AttemptReport>(rig.result->report);
  REQUIRE(report);
  REQUIRE(report->steps.size() == 3);
  CHECK(report->steps[2].name == "validate");
}

TEST_CASE("after a failed step only those that clean up follow, and the failure decides") {
  Rig rig;
  rig.begin({{"transfer", failed()},
             {"validate", StepEnd{}},
             {"after", StepEnd{}, true},
             {"cleanup", failed(), true}});
  REQUIRE(rig.result);
  CHECK(rig.diary == Diary{"begin transfer", "begin after", "begin cleanup"});
  CHECK(rig.result->outcome == Outcome::failed);
  CHECK(rig.result->error_class == ErrorClass::integrity);
  CHECK(rig.result->hint == "It differs.");
}

TEST_CASE("a held run changes nothing any more") {
  Rig rig;
  StepEnd held;
  held.outcome = Outcome::held;
  held.error_class = ErrorClass::guard;
  rig.begin({{"guard", held}, {"transfer", StepEnd{}}});
  REQUIRE(rig.result);
  CHECK(rig.diary == Diary{"begin guard"});
  CHECK(rig.result->outcome == Outcome::held);
}

TEST_CASE("the first warning is the outcome, and later steps still run") {
  Rig rig;
  rig.begin({{"transfer", warned("One file changed.")},
             {"validate", warned("One file differs.")},
             {"manifest", StepEnd{}}});
  REQUIRE(rig.result);
  CHECK(rig.diary.back() == "begin manifest");
  CHECK(rig.result->outcome == Outcome::warning);
  CHECK(rig.result->hint == "One file changed.");
}

TEST_CASE("when all is well the main step decides, and whoever has something to say is heard") {
  StepEnd nothing;
  nothing.outcome = Outcome::nothing_to_do;
  nothing.exit_code = 9;
  StepEnd note;
  note.hint = "Two files have no hash.";
  Rig rig;
  rig.begin({{"guard", StepEnd{}},
             {"transfer", nothing, false, 1, Phase::transferring, true},
             {"validate", note},
             {"after", StepEnd{}, true}});
  REQUIRE(rig.result);
  CHECK(rig.result->outcome == Outcome::nothing_to_do);
  CHECK(rig.result->exit_code == 9);
  CHECK(rig.result->hint == "Two files have no hash.");
}

TEST_CASE("a cancel that comes when only cleaning up is left comes too late") {
  Rig rig;
  rig.begin({{"transfer", StepEnd{}}, {"cleanup", {}, true}, {"after", StepEnd{}, true}});
  rig.run->stop(StopReason::cancel);
  rig.steps[1]->end({});
  REQUIRE(rig.result);
  CHECK(rig.result->outcome == Outcome::succeeded);
  CHECK(rig.diary.back() == "begin after");
}

TEST_CASE("a stop ends the step that runs, leaves out the rest and lets the cleaning up finish") {
  Rig rig;
  rig.begin({{"transfer", {}}, {"validate", StepEnd{}}, {"cleanup", {}, true}});
  rig.steps[0]->run();
  rig.run->stop(StopReason::cancel);
  CHECK(rig.diary == Diary{"begin transfer", "stop transfer", "begin cleanup"});
  rig.run->stop(StopReason::cancel);
  CHECK(rig.diary.back() == "begin cleanup");
  rig.run->extend(rig.clock.now().mono + hours{2});
  CHECK(rig.diary.back() == "extend cleanup");
  rig.steps[2]->end({});
  REQUIRE(rig.result);
  CHECK(rig.result->outcome == Outcome::cancelled);
  CHECK_FALSE(rig.result->retry);
}

TEST_CASE("what may not wait stops the cleaning up as well") {
  Rig rig;
  rig.begin({{"transfer", StepEnd{}}, {"cleanup", {}, true}});
  rig.run->stop(StopReason::lease);
  CHECK(rig.diary.back() == "stop cleanup");
  REQUIRE(rig.result);
  CHECK(rig.result->outcome == Outcome::failed);
  CHECK(rig.result->retry);
}

TEST_CASE("the percent of the whole never falls and follows the weights") {
  Rig rig;
  rig.begin({{"guard", {}, false, 10, Phase::checking},
             {"transfer", {}, false, 80},
             {"validate", {}, false, 10, Phase::validating}});
  rig.steps[0]->show(50, 0);
  CHECK(rig.pictures.back().percent == Approx(5));
  CHECK(rig.pictures.back().phase == Phase::checking);
  rig.steps[0]->end({});
  rig.steps[1]->show(50, 1000);
  CHECK(rig.pictures.back().percent == Approx(50));
  CHECK(rig.pictures.back().phase == Phase::transferring);
  rig.steps[1]->show(25, 1000);
  CHECK(rig.pictures.back().percent == Approx(50));
  rig.steps[1]->end({});
  rig.steps[2]->show(50, 3);
  CHECK(rig.pictures.back().percent == Approx(95));
  CHECK(rig.pictures.back().phase == Phase::validating);
  CHECK(rig.pictures.back().bytes_done == 1000);
  rig.steps[2]->end({});
  CHECK(rig.pictures.back().percent == Approx(100));
  CHECK(rig.pictures.back().phase == Phase::done);
}

TEST_CASE("an attempt that cannot be prepared never started and says why") {
  Rig rig;
  rig.remotes.clear();
  rig.begin({{"transfer", StepEnd{}}});
  REQUIRE(rig.result);
  CHECK(rig.diary.empty());
  CHECK(rig.result->never_started);
  CHECK(rig.result->error_class == ErrorClass::config);
  CHECK_FALSE(rig.result->retry);
}

}  // namespace
}  // namespace dray::worker
