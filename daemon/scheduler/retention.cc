#include "daemon/scheduler/retention.h"

#include <algorithm>

namespace dray::scheduler {
namespace {

struct Standing {
  const VersionRow& version;
  size_t good_before;  // newer good states
  bool newest;
};

RetentionChoice choose(const RetentionPolicy& policy, const Standing& at, WallTime now) {
  const VersionRow& version = at.version;
  const auto stays = [&](std::string why) {
    return RetentionChoice{version.ref.run, true, std::move(why)};
  };
  if (version.state == VersionState::pruning)
    return {version.ref.run, false, fmt::format("run {} is removing it", version.prune_run)};
  if (!version.pinned.empty()) return stays("pinned: " + version.pinned);
  if (at.newest) return stays("the newest state");
  if (version.good && at.good_before < policy.floor)
    return stays(fmt::format("one of the {} newest good states", policy.floor));
  if (policy.keep_last_n == 0 && policy.keep_days == 0) return stays("no rule lets it go");
  if (policy.keep_last_n > 0 && at.good_before < policy.keep_last_n)
    return stays(fmt::format("among the last {}", policy.keep_last_n));
  // Whole days, so that a state of 30 days ago at this very minute does not depend on seconds.
  const auto age = std::chrono::floor<std::chrono::days>(now - version.ref.at);
  if (policy.keep_days > 0 && age.count() < static_cast<int64_t>(policy.keep_days))
    return stays(fmt::format("younger than {} days", policy.keep_days));
  std::string why;
  if (policy.keep_last_n > 0) why = fmt::format("{} newer good states", at.good_before);
  if (policy.keep_days > 0)
    why += fmt::format("{}older than {} days", why.empty() ? "" : ", ", policy.keep_days);
  return {version.ref.run, false, std::move(why)};
}

}  // namespace

std::vector<RetentionChoice> choose_versions(const RetentionPolicy& policy,
                                             std::span<const VersionRow> versions, WallTime now) {
  std::vector<const VersionRow*> newest_first;
  for (const VersionRow& version : versions)
    newest_first.push_back(&version);
  std::ranges::sort(newest_first, std::ranges::greater{},
                    [](const VersionRow* version) { return version->ref.run; });
  std::vector<RetentionChoice> choices;
  size_t good = 0;
  bool newest = true;
  for (const VersionRow* version : newest_first) {
    choices.push_back(choose(policy, {*version, good, newest}, now));
    if (version->state != VersionState::kept) continue;
    newest = false;
    if (version->good) ++good;
  }
  return choices;
}

}  // namespace dray::scheduler
