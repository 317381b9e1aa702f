// The extra rclone flags that a job may carry. Everything else is refused, in every spelling: a
// flag is written "--name" or "--name=value", with its full name, so that there is nothing to
// abbreviate and no second word that could be an option or a path of its own. Pure.
//
// Source of the names and kinds of value: `rclone help flags` of 1.60.1; each still exists in later
// versions. Flags that Drayage sets itself (transfers, stats, timeouts, filters ...) have a field
// in TransferOptions instead.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

enum class FlagValue : uint8_t {
  none,      // stands alone
  integer,   // 0 to 1,000,000
  decimal,   // 0.5
  size,      // 10M, 1.5Gi, 100, off
  duration,  // 90s, 1h30m, 7d, off
  word,      // one of RcloneFlag::words, comma-separated
};

struct RcloneFlag {
  std::string_view name;  // with the two dashes
  FlagValue value;
  std::string_view words;  // FlagValue::word: allowed ones, separated by spaces
};
std::span<const RcloneFlag> allowed_rclone_flags();

// `further`: names of flags that the administrator allows in the configuration; their value may be
// any printable text.
// invalid: "'--rc' is not allowed: it opens rclone's remote control".
Status check_rclone_flag(std::string_view flag, std::span<const std::string> further = {});

// Flags that no administrator can allow, with the reason: they run programs, read or write files of
// the worker, show secrets, or take the log away that a run is judged by.
struct RefusedFlag {
  std::string_view name;  // a trailing '*' stands for any rest
  std::string_view why;
};
std::span<const RefusedFlag> refused_rclone_flags();

}  // namespace dray
