// Which rclone: decides what an exit code means and which features exist.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dray {

struct RcloneVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend auto operator<=>(const RcloneVersion&, const RcloneVersion&) = default;
};

// 1.69 swapped the exit codes 1 and 2: from there on 1 is "anything" and 2 is "usage".
inline constexpr RcloneVersion kExitCodesSwapped{1, 69, 0};
// 1.70 logs NOTICE as "notice" instead of "warning".
inline constexpr RcloneVersion kNoticeLevel{1, 70, 0};

// "1.60.1-DEV", "v1.70.0-beta.1234.abcdef", "rclone v1.72"; nullopt for anything else.
std::optional<RcloneVersion> parse_rclone_version(std::string_view text);
std::string to_string(const RcloneVersion& version);

}  // namespace dray
