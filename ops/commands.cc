#include "ops/commands.h"

namespace dray::ops {

const std::vector<Command>& all_commands() {
  static const std::vector<Command> kAll = [] {
    std::vector<Command> all;
    for (auto* group :
         {status_commands,   client_commands,    remote_commands, job_commands,    job_key_commands,
          run_commands,      version_commands,   upload_commands, cancel_commands, hold_commands,
          pause_commands,    bandwidth_commands, log_commands,    worker_commands, notify_commands,
          settings_commands, config_commands,    access_commands, system_commands, up_commands,
          help_commands})
      for (Command& command : group())
        all.push_back(std::move(command));
    return all;
  }();
  return kAll;
}

}  // namespace dray::ops
