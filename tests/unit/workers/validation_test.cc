#include <string>

#include "tests/support/catch.h"
#include "workers/check_report.h"
#include "workers/path_sample.h"
#include "workers/validation_grade.h"

namespace dray::worker {
namespace {

CheckReport read(std::string_view text, size_t chunk = 1000, size_t max_paths = 10) {
  CheckReport report(max_paths);
  for (size_t at = 0; at < text.size(); at += chunk)
    report.feed(std::span(text.data() + at, std::min(chunk, text.size() - at)));
  report.finish();
  return report;
}

TEST_CASE("every mark of a combined report is counted, whatever the pieces") {
  constexpr std::string_view kText =
      "= a\n* b c\n+ missing/file\n- surplus\n! unreadable\n= d\nnoise\n\n= e";
  for (const size_t chunk : {1, 2, 3, 7, 1000}) {
    const CheckReport report = read(kText, chunk);
    CHECK(report.same() == 3);
    CHECK(report.differs() == 1);
    CHECK(report.missing() == 1);
    CHECK(report.surplus() == 1);
    CHECK(report.unreadable() == 1);
    REQUIRE(report.lines().size() == 4);
    CHECK(report.lines()[0].path == "b c");
    CHECK(report.lines()[1].kind == CheckLine::Kind::missing);
  }
}

TEST_CASE("memory for differences is bounded, their count is not") {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "* " + std::to_string(i) + "\n";
  text += "* " + std::string(1 << 20, 'x') + "\n= z\n";
  const CheckReport report = read(text, 4096, 5);
  CHECK(report.differs() == 1001);
  CHECK(report.lines().size() == 5);
  CHECK(report.same() == 1);
}

ValidationReport counted(ValidationMode mode, uint64_t compared, uint64_t not_comparable = 0,
                         uint64_t differences = 0, uint64_t missing = 0, uint64_t unreadable = 0) {
  ValidationReport report;
  report.mode = mode;
  report.compared = compared;
  report.not_comparable = not_comparable;
  report.differences = differences;
  report.missing = missing;
  report.unreadable = unreadable;
  return report;
}

TEST_CASE("a grade never claims more than was compared") {
  using enum ValidationMode;
  struct Row {
    ValidationReport report;
    uint64_t expected;
    Grade grade;
    Outcome outcome;
  };
  const Row rows[] = {
      {counted(size, 5), 0, Grade::size, Outcome::succeeded},
      {counted(hash, 5), 0, Grade::hash, Outcome::succeeded},
      {counted(download, 5), 0, Grade::hash, Outcome::succeeded},
      {counted(sample, 5), 0, Grade::sampled, Outcome::succeeded},
      {counted(hash, 4, 1), 0, Grade::partial, Outcome::succeeded},
      {counted(hash, 0, 5), 0, Grade::partial, Outcome::warning},
      {counted(hash, 0), 0, Grade::none, Outcome::succeeded},
      {counted(hash, 5, 0, 1), 0, Grade::failed, Outcome::failed},
      {counted(size, 5, 0, 0, 1), 0, Grade::failed, Outcome::failed},
      {counted(hash, 5, 0, 0, 2), 2, Grade::partial, Outcome::succeeded},
      {counted(hash, 5, 0, 0, 3), 2, Grade::failed, Outcome::failed},
      {counted(hash, 5, 0, 0, 0, 1), 0, Grade::partial, Outcome::warning},
  };
  for (const Row& row : rows) {
    ValidationReport report = row.report;
    grade(report, row.expected);
    INFO(to_string(report.mode) << " " << report.compared << " " << report.not_comparable);
    CHECK(report.grade == row.grade);
    CHECK(end_of_validation({}, report).outcome == row.outcome);
  }
}

TEST_CASE("differences fail the run with class integrity, or warn when the job says so") {
  ValidationReport report = counted(ValidationMode::hash, 5, 0, 1);
  report.excerpt = "different: a\ndifferent: b";
  grade(report, 0);
  const StepEnd failed = end_of_validation({}, report);
  CHECK(failed.error_class == ErrorClass::integrity);
  CHECK_FALSE(failed.retry);
  CHECK(failed.hint.find("different: a") != std::string::npos);
  ValidationPolicy policy;
  policy.on_failure = FailureAction::warn;
  CHECK(end_of_validation(policy, report).outcome == Outcome::warning);
}

TEST_CASE("a sample is about as large as asked, never empty, and another one for another run") {
  PathSample a(10, 1), b(10, 2), again(10, 1), tiny(1, 3), all(100, 4);
  for (int i = 0; i < 10'000; ++i) {
    const std::string path = "dir/file " + std::to_string(i);
    for (PathSample* sample : {&a, &b, &again, &all})
      sample->offer(path);
  }
  tiny.offer("only one");
  for (PathSample* sample : {&a, &b, &again, &tiny, &all})
    sample->finish();
  const auto count = [](const PathSample& s) {
    return std::count(s.list().begin(), s.list().end(), '\n');
  };
  CHECK(count(a) > 850);
  CHECK(count(a) < 1150);
  CHECK(a.list() == again.list());
  CHECK(a.list() != b.list());
  CHECK(tiny.list() == "only one\n");
  CHECK(count(all) == 10'000);
  CHECK(PathSample(10, 1).empty());
}

TEST_CASE("a path that would be two lines is not sampled") {
  PathSample sample(100, 1);
  sample.offer("a\nb");
  sample.finish();
  CHECK(sample.empty());
}

}  // namespace
}  // namespace dray::worker
