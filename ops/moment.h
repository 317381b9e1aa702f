// Points in time on the command line.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "ops/command.h"

namespace dray::ops {

// "2h" means two hours ago; "2026-11-20" is midnight, UTC; or RFC 3339. The answer is RFC 3339.
// invalid: names the option.
Result<std::string> moment(const Args& args, std::string_view key);

}  // namespace dray::ops
