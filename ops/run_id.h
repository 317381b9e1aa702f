// The number of a run as people type it. Pure.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "schemas/ids.h"

namespace dray::ops {

// invalid: not a whole number above 0.
Result<RunId> parse_run(std::string_view text);

}  // namespace dray::ops
