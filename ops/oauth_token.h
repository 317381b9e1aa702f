// What `rclone authorize` prints, as people paste it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::ops {

struct PastedToken {
  std::string json;          // the value of rclone's option `token`, one line
  bool refreshable = false;  // false: it ends with its first expiry
};

// Takes the token's JSON, the same between the lines that rclone prints around it, or the base64
// blob of newer versions. invalid: none of these; never with what was pasted.
Result<PastedToken> read_pasted_token(std::string_view text);

}  // namespace dray::ops
