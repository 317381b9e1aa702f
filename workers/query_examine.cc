#include "workers/query_examine.h"

#include "schemas/answers_workers.h"
#include "schemas/json_fields.h"

namespace dray::worker {

std::unique_ptr<RunningQuery> query_examine(QueryStart start) {
  const RunContext& context = start.context;
  WorkerExamination answer;
  answer.sandbox_works = context.sandbox.works();
  answer.sandbox_problem = context.sandbox.why_not;
  answer.sandbox = context.sandbox_rules.standard;
  answer.sandbox_enforced = context.sandbox_rules.enforced;
  answer.run_memory = context.run_memory;
  answer.group_limits = context.cgroups.why_not();
  return answer_at_once(std::move(start), to_json(answer));
}

}  // namespace dray::worker
