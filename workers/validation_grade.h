// From what a comparison found to a grade, and to how the step ends. Pure.
#pragma once

#include <string>

#include "schemas/job_policy.h"
#include "schemas/report.h"
#include "workers/step.h"

namespace dray::worker {

// Sets the grade from mode and counts. Where not everything could be compared by content it never
// says more than `partial`. `expected`: files that the transfer itself reported as not copied.
void grade(ValidationReport& report, uint64_t expected);

// `failed` becomes what the policy says; a hint wherever a person should know something.
StepEnd end_of_validation(const ValidationPolicy& policy, const ValidationReport& report);

}  // namespace dray::worker
