// rclone's reversible form of a password. Its configuration wants passwords of some backends that
// way. It hides from a glance and from nothing else; what protects is the seal around all settings.
#pragma once

#include <string>
#include <string_view>

#include "schemas/job.h"

namespace dray::ops {

// `random16`: 16 random bytes. Pure.
std::string obscure(std::string_view plain, std::string_view random16);

// Does rclone expect this setting obscured? From `rclone config providers`, IsPassword.
bool is_obscured_setting(std::string_view type, std::string_view setting);

// Would printing this setting, or finding it in a shell's history, be a leak?
bool looks_secret(std::string_view setting);

}  // namespace dray::ops
