// The commands of each file, put together by commands.cc in the order of the manual.
#pragma once

#include <vector>

#include "ops/command.h"

namespace dray::ops {

std::vector<Command> status_commands();
std::vector<Command> client_commands();
std::vector<Command> remote_commands();
std::vector<Command> job_commands();
std::vector<Command> job_key_commands();
std::vector<Command> run_commands();
std::vector<Command> upload_commands();
std::vector<Command> version_commands();
std::vector<Command> cancel_commands();
std::vector<Command> hold_commands();
std::vector<Command> pause_commands();
std::vector<Command> bandwidth_commands();
std::vector<Command> log_commands();
std::vector<Command> worker_commands();
std::vector<Command> settings_commands();
std::vector<Command> config_commands();
std::vector<Command> system_commands();
std::vector<Command> up_commands();
std::vector<Command> help_commands();

}  // namespace dray::ops
