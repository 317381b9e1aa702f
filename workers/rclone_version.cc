#include "workers/rclone_version.h"

#include <fmt/format.h>

#include <charconv>

namespace dray {

std::optional<RcloneVersion> parse_rclone_version(std::string_view text) {
  if (text.starts_with("rclone ")) text.remove_prefix(7);
  if (text.starts_with("v")) text.remove_prefix(1);
  RcloneVersion version;
  int* const parts[] = {&version.major, &version.minor, &version.patch};
  int read = 0;
  for (int* part : parts) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *part);
    if (error != std::errc{} || *part < 0) break;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    ++read;
    if (!text.starts_with(".")) break;
    text.remove_prefix(1);
  }
  if (read < 2) return std::nullopt;
  return version;
}

std::string to_string(const RcloneVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace dray
