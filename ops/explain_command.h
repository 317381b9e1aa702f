// `dray logs --explain`: the judge of runs, applied to any rclone log.
#pragma once

#include "ops/context.h"

namespace dray::ops {

Result<Exit> explain_log(Context& context, const Args& args);

}  // namespace dray::ops
