// Reads what `rclone config providers` prints. Pure.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "schemas/rclone_backends.h"

namespace dray::worker {

// Options that may not be set are marked (schemas/rclone_options.h), not left out: whoever shows
// them can say why. corrupt: not the list that rclone prints.
Result<RcloneBackends> parse_backends(std::string_view json);

// rclone 1.60 prints 0.6 MB; it grows by some 10 % a version.
inline constexpr size_t kMaxProvidersBytes = 8 << 20;

}  // namespace dray::worker
