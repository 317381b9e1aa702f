#include "workers/version_places.h"

#include <fmt/format.h>

#include <charconv>

#include "workers/remote_listing.h"

namespace dray::worker {

VersionPlaces version_places(Layout layout, const std::string& destination,
                             const std::string& versions) {
  if (layout == Layout::mirror) return {destination, versions};
  return {below_place(destination, "current"), destination};
}

std::string dir_name(const VersionDir& dir) {
  if (dir.attempt <= 1) return fmt::format("{:012}", dir.run.value);
  return fmt::format("{:012}.{:03}", dir.run.value, dir.attempt);
}

std::optional<VersionDir> parse_dir_name(std::string_view name) {
  VersionDir dir;
  const size_t dot = std::min(name.find('.'), name.size());
  const char* const end = name.data() + name.size();
  std::from_chars(name.data(), name.data() + dot, dir.run.value);
  if (dot < name.size()) std::from_chars(name.data() + dot + 1, end, dir.attempt);
  // Whatever else there is belongs to somebody else.
  if (dir.run.value == 0 || dir_name(dir) != name) return std::nullopt;
  return dir;
}

std::string manifest_name(RunId run) {
  return fmt::format("{:012}.jsonl.zst", run.value);
}

}  // namespace dray::worker
