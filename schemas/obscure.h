// rclone's reversible form of a password. Its configuration wants passwords of some backends that
// way. It hides from a glance and from nothing else; what protects is the seal around all settings.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// `random16`: 16 random bytes. Pure.
std::string obscure(std::string_view plain, std::string_view random16);

}  // namespace dray
