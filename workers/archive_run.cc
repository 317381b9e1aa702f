#include "workers/archive_run.h"

#include "daemon/base/text.h"
#include "schemas/limits.h"
#include "workers/remote_listing.h"

namespace dray::worker {

std::string archive_place(const AttemptState& state) {
  return below_place(state.config.destination, state.archive->names.folder);
}

ProcessPlan archive_process(AttemptState& state, std::string_view label, std::string_view verb,
                            std::vector<std::string> operands, std::vector<std::string> flags) {
  ProcessPlan plan;
  plan.label = fmt::format("run-{}-{}-{}", state.token.run, state.token.attempt, label);
  plan.argv = step_argv(state.context.rclone, verb, operands, state.paths, flags);
  plan.environment = rclone_environment(state.paths);
  plan.verb = RcloneVerb::stream;
  plan.stall = seconds{state.spec.options.stall_seconds};
  return plan;
}

StepEnd archive_failure(ErrorClass error_class, bool retry, std::string hint) {
  StepEnd end;
  end.outcome = Outcome::failed;
  end.error_class = error_class;
  end.retry = retry;
  end.hint = shorten(hint, limits::kMaxHintBytes);
  return end;
}

}  // namespace dray::worker
