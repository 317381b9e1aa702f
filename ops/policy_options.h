// Options of `dray job add|edit` for what guards and proves the runs of a job: guard, validation,
// hooks, command.
#pragma once

#include <span>

#include "daemon/base/result.h"
#include "ops/command.h"
#include "ops/json.h"

namespace dray::ops {

std::span<const OptionSpec> policy_options();

// Adds the fields of JobPolicy that were given to `body`, a JobSpec in the making.
// invalid: names the option and what it takes.
Status add_policy_fields(Json& body, const Args& args);

}  // namespace dray::ops
