#include "workers/version_math.h"

#include <algorithm>

namespace dray::worker {
namespace {

// No path holds it: rclone's own spelling has no control characters, and no remote allows this one.
constexpr char kMark = '\0';

// A sorted stream that is asked for paths in ascending order.
class Cursor {
 public:
  explicit Cursor(EntrySource& source) : source_(&source) {}
  Result<bool> holds(const std::string& path) {
    while (!started_ || (head_ && head_->path < path)) {
      started_ = true;
      DRAY_TRY_ASSIGN(head_, source_->next());
    }
    return head_ && head_->path == path;
  }

 private:
  EntrySource* source_;
  std::optional<RemoteEntry> head_;
  bool started_ = false;
};

}  // namespace

std::optional<RemoteEntry> held_entry(const RemoteEntry& listed) {
  const size_t slash = listed.path.find('/');
  if (listed.is_dir || slash == std::string::npos || listed.path.contains(kMark))
    return std::nullopt;
  const std::string dir = listed.path.substr(0, slash);
  if (!parse_dir_name(dir)) return std::nullopt;
  RemoteEntry entry = listed;
  entry.path = listed.path.substr(slash + 1) + kMark + dir;
  return entry;
}

Result<std::optional<HeldPath>> HeldPaths::next() {
  if (!started_) {
    started_ = true;
    DRAY_TRY_ASSIGN(ahead_, sorted_.next());
  }
  if (!ahead_) return std::nullopt;
  HeldPath held;
  held.path = ahead_->path.substr(0, ahead_->path.find(kMark));
  while (ahead_) {
    const size_t mark = ahead_->path.find(kMark);
    const std::optional<VersionDir> dir =
        mark == std::string::npos ? std::nullopt : parse_dir_name(ahead_->path.substr(mark + 1));
    if (!dir) return fail(ErrorCode::corrupt, "a sorted listing of versions lost its directories");
    if (std::string_view(ahead_->path).substr(0, mark) != held.path) break;
    held.in.push_back({*dir, ahead_->size});
    DRAY_TRY_ASSIGN(ahead_, sorted_.next());
  }
  return held;
}

std::optional<VersionDir> place_after(std::span<const HeldPath::In> in, RunId kept) {
  const auto first =
      std::ranges::find_if(in, [&](const HeldPath::In& one) { return one.dir.run > kept; });
  return first == in.end() ? std::nullopt : std::optional(first->dir);
}

Status plan_restore(
    EntrySource& manifest, HeldPaths& held, RunId kept,
    const std::function<void(const RemoteEntry&, const std::optional<VersionDir>&)>& sink) {
  DRAY_TRY_ASSIGN(std::optional<HeldPath> moved, held.next());
  for (;;) {
    DRAY_TRY_ASSIGN(const std::optional<RemoteEntry> entry, manifest.next());
    if (!entry) return {};
    while (moved && moved->path < entry->path) {
      DRAY_TRY_ASSIGN(moved, held.next());
    }
    const bool found = moved && moved->path == entry->path;
    sink(*entry, found ? place_after(moved->in, kept) : std::nullopt);
  }
}

Status plan_prune(std::span<const KeptState> kept, HeldPaths& held, KnownRuns known,
                  const std::function<void(const std::string&, const HeldPath::In&, bool)>& sink) {
  std::vector<Cursor> manifests;
  for (const KeptState& state : kept)
    manifests.emplace_back(*state.manifest);
  for (;;) {
    DRAY_TRY_ASSIGN(const std::optional<HeldPath> path, held.next());
    if (!path) return {};
    RunId before;  // that the directory before this one belongs to
    for (const HeldPath::In& in : path->in) {
      const RunId previous = std::exchange(before, in.dir.run);
      const auto after = std::ranges::lower_bound(kept, in.dir.run, {}, &KeptState::run);
      bool needed = in.dir.run <= known.oldest || in.dir.run > known.newest;
      if (!needed && after != kept.begin()) {
        const auto state = std::prev(after);
        DRAY_TRY_ASSIGN(const bool named,
                        manifests[static_cast<size_t>(state - kept.begin())].holds(path->path));
        needed = named && previous <= state->run;
      }
      sink(path->path, in, needed);
    }
  }
}

}  // namespace dray::worker
