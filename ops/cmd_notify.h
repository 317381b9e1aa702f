// The commands about notifications by file.
#pragma once

#include <vector>

#include "ops/command.h"

namespace dray::ops {

std::vector<Command> notify_channel_commands();
std::vector<Command> notify_rule_commands();
std::vector<Command> notify_template_commands();
std::vector<Command> notify_delivery_commands();

}  // namespace dray::ops
