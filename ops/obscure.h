// Which settings of rclone's backends are passwords or other secrets. What rclone expects obscured
// goes through schemas/obscure.h.
#pragma once

#include <string>
#include <string_view>

#include "schemas/job.h"
#include "schemas/obscure.h"
#include "schemas/rclone_options.h"

namespace dray::ops {

// Does rclone expect this setting obscured? From `rclone config providers`, IsPassword.
bool is_obscured_setting(std::string_view type, std::string_view setting);

}  // namespace dray::ops
