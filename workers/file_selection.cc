#include "workers/file_selection.h"

#include <algorithm>

#include "schemas/rclone_flags.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

constexpr std::string_view kChoosing[] = {
    "--drive-skip-gdocs", "--drive-skip-shortcuts",
    "--fast-list",        "--ignore-case",
    "--max-age",          "--max-depth",
    "--max-size",         "--min-age",
    "--min-size",         "--one-file-system",
    "--skip-links",
};
constexpr std::string_view kDeleteExcluded = "--delete-excluded";
constexpr std::string_view kStoredTimes[] = {"s3", "swift"};

std::string_view flag_name(std::string_view flag) {
  return flag.substr(0, flag.find('='));
}

bool stored_times(const RunSpec& spec, const std::string& remote, size_t depth) {
  const auto found = std::ranges::find(spec.remotes, remote, &SealedRemote::name);
  if (found == spec.remotes.end() || depth == 0) return false;
  return std::ranges::find(kStoredTimes, found->type) != std::end(kStoredTimes) ||
         std::ranges::any_of(found->refers_to, [&](const std::string& below) {
           return stored_times(spec, below, depth - 1);
         });
}

}  // namespace

Result<std::vector<std::string>> selection_flags(AttemptState& state) {
  DRAY_TRY_ASSIGN(std::vector<std::string> flags, filter_flags(state));
  for (const std::string& flag : state.spec.options.flags) {
    if (std::ranges::find(kChoosing, flag_name(flag)) == std::end(kChoosing)) continue;
    DRAY_TRY(check_rclone_flag(flag, state.context.allow_flags));
    flags.push_back(flag);
  }
  return flags;
}

bool deletes_excluded(const TransferOptions& options) {
  return std::ranges::any_of(
      options.flags, [](const std::string& flag) { return flag_name(flag) == kDeleteExcluded; });
}

bool has_stored_times(const RunSpec& spec, const std::string& remote) {
  return stored_times(spec, remote, limits::kMaxRemoteDepth);
}

}  // namespace dray::worker
