#include "workers/validation_grade.h"

#include <fmt/format.h>

namespace dray::worker {
namespace {

Grade full_grade(ValidationMode mode) {
  switch (mode) {
    case ValidationMode::size:
      return Grade::size;
    case ValidationMode::sample:
      return Grade::sampled;
    case ValidationMode::hash:
    case ValidationMode::download:
      return Grade::hash;
    case ValidationMode::none:
      break;
  }
  return Grade::none;
}

std::string first_line(const std::string& excerpt) {
  return excerpt.substr(0, excerpt.find('\n'));
}

std::string files(uint64_t count) {
  return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

}  // namespace

void grade(ValidationReport& report, uint64_t expected) {
  const uint64_t wrong = report.differences + report.missing;
  if (wrong > expected) {
    report.grade = Grade::failed;
  } else if (wrong + report.unreadable + report.not_comparable > 0) {
    report.grade = Grade::partial;
  } else {
    report.grade = report.compared > 0 ? full_grade(report.mode) : Grade::none;
  }
}

StepEnd end_of_validation(const ValidationPolicy& policy, const ValidationReport& report) {
  StepEnd end;
  if (report.grade == Grade::failed) {
    const bool warn = policy.on_failure == FailureAction::warn;
    end.outcome = warn ? Outcome::warning : Outcome::failed;
    end.error_class = ErrorClass::integrity;
    end.hint = fmt::format(
        "The copy does not match the source: {} different, {} missing, beginning with {}. Run the "
        "backup again; if the same files stay different, look at the destination.",
        files(report.differences), files(report.missing), first_line(report.excerpt));
    return end;
  }
  if (report.unreadable > 0) {
    end.outcome = Outcome::warning;
    end.error_class = ErrorClass::integrity;
    end.hint = fmt::format("{} could not be read to be compared.", files(report.unreadable));
  } else if (report.compared == 0 && report.not_comparable > 0) {
    end.outcome = Outcome::warning;
    end.hint =
        "Nothing is validated: source and destination share no hash, so only sizes could be "
        "compared. Choose the validation download or sample:10%.";
  } else if (report.not_comparable > 0) {
    end.hint = fmt::format("{} have no hash in common and were compared by size only.",
                           files(report.not_comparable));
  } else if (report.source_changed > 0) {
    end.hint =
        fmt::format("{} changed in the source after the copy was made; the next run copies them.",
                    files(report.source_changed));
  }
  return end;
}

}  // namespace dray::worker
