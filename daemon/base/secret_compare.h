// Comparing secrets. Thread-safe.
#pragma once

#include <string_view>

namespace dray {

// Takes the same time wherever they differ.
bool is_same_secret(std::string_view a, std::string_view b);

}  // namespace dray
