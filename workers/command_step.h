// kind = command: a program of the administrator ([commands.NAME] of the worker's configuration)
// with settings of the job, supervised like a transfer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/base/config.h"
#include "workers/attempt_state.h"

namespace dray::worker {

// The argument vector. Each value stands in one argument, as it is; no shell sees it.
// invalid: a setting is missing, unknown, or does not match its pattern. Values are not repeated in
// errors.
Result<std::vector<std::string>> command_argv(const AllowedProgram& program,
                                              const CommandCall& call);

// How an exit status of a command is understood: sysexits.h where it says something.
StepEnd judge_command(int exit_code, const std::string& name);

std::unique_ptr<Step> make_command_step(AttemptState& state);

}  // namespace dray::worker
