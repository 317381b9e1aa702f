// `dray doctor`: what keeps Drayage from working on this machine, each with the fix.
#pragma once

#include <string>
#include <vector>

#include "ops/context.h"
#include "schemas/answers_workers.h"

namespace dray::ops {

enum class Health { good, warning, bad };

struct Finding {
  std::string name;
  Health health = Health::good;
  std::string detail;
  std::string fix;  // "" when there is nothing to do
};

// Looks at configuration, files, disk, clock, programs and units of this machine.
std::vector<Finding> examine_machine(const Config& config);
// Asks broker, scheduler and workers.
std::vector<Finding> examine_daemons(Context& context);

// The version of a worker's rclone: known security bugs below 1.75. Pure.
Finding judge_rclone(const std::string& worker, const std::string& version);
// Whether transfers of a worker can be confined. Pure.
Finding judge_sandbox(const std::string& worker, const WorkerExamination& examined);

// The state of a systemd unit, "active"; "" when systemd does not run or does not know it.
std::string unit_state(const std::string& unit);

}  // namespace dray::ops
