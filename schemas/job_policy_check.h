// Is a policy one that can be carried out? Pure. Used by check_job (job_check.h).
#pragma once

#include <string>
#include <vector>

#include "schemas/job.h"
#include "schemas/job_policy.h"

namespace dray {

struct PolicyProblem {
  std::string path;  // "guard.max_delete_percent"
  std::string text;
};

// Everything that is wrong; empty: nothing.
std::vector<PolicyProblem> check_job_policy(const JobPolicy& policy, JobKind kind);

}  // namespace dray
