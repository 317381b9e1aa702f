// What a worker says of its machine (see answers.h). Pure data.
#pragma once

#include <cstdint>
#include <string>

#include "schemas/job_policy.h"

namespace dray {

struct WorkerExamination {  // worker.examine
  bool sandbox_works = false;
  std::string sandbox_problem;               // "" when it works
  Sandbox sandbox = Sandbox::local_process;  // of jobs that do not say
  bool sandbox_enforced = false;
  uint64_t run_memory = 0;   // bytes; 0: no limit
  std::string group_limits;  // why limits hold per process only; "" when control groups work
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("sandbox_works", self.sandbox_works);
    visit("sandbox_problem", self.sandbox_problem);
    visit("sandbox", self.sandbox);
    visit("sandbox_enforced", self.sandbox_enforced);
    visit.optional("run_memory", self.run_memory);
    visit.optional("group_limits", self.group_limits);
  }
};

}  // namespace dray
