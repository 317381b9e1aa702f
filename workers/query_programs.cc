#include "workers/query_programs.h"

#include "schemas/answers_programs.h"
#include "schemas/json_fields.h"

namespace dray::worker {
namespace {

ProgramView view(const std::string& name, const AllowedProgram& program) {
  return {name, program.description, static_cast<uint64_t>(program.timeout.count()),
          program.settings};
}

}  // namespace

std::unique_ptr<RunningQuery> query_worker_programs(QueryStart start) {
  ProgramsAnswer answer;
  for (const auto& [name, program] : start.context.hooks)
    answer.hooks.push_back(view(name, program));
  for (const auto& [name, program] : start.context.commands) {
    answer.commands.push_back(view(name, program));
    answer.commands.back().timeout_seconds = 0;
  }
  std::string json = to_json(answer);
  return answer_at_once(std::move(start), std::move(json));
}

}  // namespace dray::worker
