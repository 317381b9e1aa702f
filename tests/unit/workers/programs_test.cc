#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "workers/command_output.h"
#include "workers/command_step.h"
#include "workers/output_tail.h"
#include "workers/progress_plan.h"

namespace dray::worker {
namespace {

TEST_CASE("phases and progress are read from a command's output, and nothing else") {
  std::vector<std::string> phases;
  std::vector<uint64_t> times, numbers;
  CommandOutput output(
      [&](const CommandPhase& phase) {
        phases.push_back(phase.name);
        times.push_back(phase.at_ms);
      },
      [&](const CommandProgress& progress) {
        numbers.push_back(progress.done);
        numbers.push_back(progress.total);
      });
  const std::string text =
      "hello\n[PHASE:1690123456789] transfer\nPROGRESS 1 10\nPROGRESS 2\nPROGRESS -1 2\n"
      "[PHASE:x] no\n[PHASE:1]\n PROGRESS 3  10 \r\nPROGRESS 1 2 3\n"
      "[PHASE:2] bad\x1b[31m name\n" +
      std::string(100'000, 'x') + "\n[PHASE:3] last";
  for (size_t at = 0; at < text.size(); at += 5)
    output.feed(std::span(text.data() + at, std::min<size_t>(5, text.size() - at)));
  output.finish();
  CHECK(phases == std::vector<std::string>{"transfer", "bad [31m name", "last"});
  CHECK(times == std::vector<uint64_t>{1690123456789, 2, 3});
  CHECK(numbers == std::vector<uint64_t>{1, 10, 3, 10});
}

AllowedProgram program() {
  AllowedProgram out;
  out.program = "/bin/backup";
  out.arguments = {"--user={user}", "{path}", "plain", "{user}-{path}"};
  out.settings = {{"user", "[a-z]{1,8}"}, {"path", "/srv/.*"}};
  return out;
}

TEST_CASE("every value of a command is one argument") {
  const auto argv = command_argv(program(), {"x", {{"user", "ann"}, {"path", "/srv/a b; $(c)"}}});
  REQUIRE(argv);
  CHECK(*argv == std::vector<std::string>{"/bin/backup", "--user=ann", "/srv/a b; $(c)", "plain",
                                          "ann-/srv/a b; $(c)"});
}

TEST_CASE("settings that are missing, unknown or do not match are refused without their value") {
  using Settings = std::map<std::string, std::string>;
  struct Row {
    Settings settings;
    std::string_view message;
  };
  const Row rows[] = {
      {{{"user", "ann"}}, "needs the setting"},
      {{{"user", "ann"}, {"path", "/srv/x"}, {"more", "1"}}, "takes no setting"},
      {{{"user", "ANN-SECRET"}, {"path", "/srv/x"}}, "setting user: must match"},
      {{{"user", "ann"}, {"path", "/srv/" + std::string(300, 'x')}}, "bytes long"},
      {{{"user", "ann"}, {"path", "x/srv/x"}}, "setting path"},
  };
  for (const Row& row : rows) {
    const auto argv = command_argv(program(), {"backup", row.settings});
    REQUIRE_FALSE(argv);
    CHECK(argv.error().code == ErrorCode::invalid);
    CHECK_THAT(argv.error().message, Catch::Contains(std::string(row.message)));
    CHECK_THAT(argv.error().message, !Catch::Contains("SECRET"));
  }
}

TEST_CASE("an exit status is understood as sysexits.h has it") {
  CHECK(judge_command(0, "x").outcome == Outcome::succeeded);
  CHECK(judge_command(1, "x").error_class == ErrorClass::unknown);
  CHECK(judge_command(1, "x").retry);
  CHECK(judge_command(75, "x").error_class == ErrorClass::network);
  CHECK(judge_command(75, "x").retry);
  CHECK(judge_command(77, "x").error_class == ErrorClass::permission);
  CHECK_FALSE(judge_command(78, "x").retry);
}

TEST_CASE("the percent of a command follows its parts and never falls") {
  ProgressParts parts(default_progress_config());
  parts.progress(1, 2);
  CHECK(parts.percent() == 50);
  ProgressParts known(default_progress_config());
  known.enter("transfer");
  CHECK(known.title() == "Transferring");
  CHECK(known.percent() == 15);
  known.progress(1, 2);
  CHECK(known.percent() == 52.5);
  known.progress(9, 2);
  CHECK(known.percent() == 90);
  known.enter("my own words");
  CHECK(known.title() == "my own words");
  known.progress(1, 2);
  CHECK(known.percent() == 90);
  known.enter("prepare");
  known.progress(1, 1);
  CHECK(known.percent() == 90);
  known.progress(5, 0);
  CHECK(known.percent() == 90);
}

TEST_CASE("what earlier runs took tells what is left until rclone knows better") {
  LearnedCounts learned;
  Progress progress;
  progress.eta_seconds = 7;
  CHECK(seconds_left(progress, learned) == 7);
  learned.duration_ms = 100'000;
  learned.bytes = 1000;
  progress.eta_seconds = -1;
  progress.elapsed_ms = 20'000;
  CHECK(seconds_left(progress, learned) == 80);
  progress.eta_seconds = 40;
  progress.percent = 50;
  CHECK(seconds_left(progress, learned) == 60);
  progress.percent = 100;
  CHECK(seconds_left(progress, learned) == 40);
  progress.percent = 0;
  progress.totals_are_lower_bounds = false;
  progress.bytes_total = 2000;
  CHECK(seconds_left(progress, learned) == 180);
  progress.elapsed_ms = 900'000;
  CHECK(seconds_left(progress, learned) == 40);
}

TEST_CASE("the end of what a program said is kept, on one line and without secrets") {
  OutputTail tail;
  for (int i = 0; i < 10'000; ++i)
    tail.add("line " + std::to_string(i) + "\n");
  const std::string shown = tail.shown();
  CHECK(shown.size() < 420);
  CHECK(shown.ends_with("line 9999"));
  CHECK(shown.find('\n') == std::string::npos);
  OutputTail secret;
  secret.add("https://user:hunter2@host/\x1b[2J");
  CHECK(secret.shown().find("hunter2") == std::string::npos);
  CHECK(secret.shown().find('\x1b') == std::string::npos);
  CHECK(OutputTail().shown().empty());
}

}  // namespace
}  // namespace dray::worker
