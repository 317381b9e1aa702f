// Which bytes belong to which state of a job. Pure: streams in, decisions out.
//
// Run R moves what it replaces or deletes to versions/R, whatever becomes of R itself. So the state
// as it was after a kept run K is made of
//   * the paths of K's manifest,
//   * each from the first directory of a run after K that holds it, else from the current objects.
// A file in versions/R serves the newest kept run K before R, and older ones only together with it:
// it is needed when K's manifest names it and no directory between K and R holds it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workers/manifest.h"
#include "workers/version_places.h"

namespace dray::worker {

// A path below versions/ and every directory that holds it, oldest first.
struct HeldPath {
  struct In {
    VersionDir dir;
    uint64_t size = 0;
  };
  std::string path;
  std::vector<In> in;
};

// For an EntrySorter: the entry of a listing of versions/ under a path that sorts by path first and
// directory second. nullopt: it lies in no directory of ours.
std::optional<RemoteEntry> held_entry(const RemoteEntry& listed);

// Reads back what was sorted so.
class HeldPaths {
 public:
  explicit HeldPaths(EntrySource& sorted) : sorted_(sorted) {}
  Result<std::optional<HeldPath>> next();

 private:
  EntrySource& sorted_;
  std::optional<RemoteEntry> ahead_;
  bool started_ = false;
};

// ── Restoring ───────────────────────────────────────────────────────────────────────────────────

// nullopt: among the current objects.
std::optional<VersionDir> place_after(std::span<const HeldPath::In> in, RunId kept);

// Calls `sink` for every path of the manifest, in order, with its place.
Status plan_restore(
    EntrySource& manifest, HeldPaths& held, RunId kept,
    const std::function<void(const RemoteEntry&, const std::optional<VersionDir>&)>& sink);

// ── Pruning ─────────────────────────────────────────────────────────────────────────────────────

struct KeptState {
  RunId run;
  EntrySource* manifest;  // of its own, though others may read the same file
};

// What may be touched at all: directories after the oldest known state and up to the newest. What
// is older serves states that we know nothing of, what is newer may serve one to come.
struct KnownRuns {
  RunId oldest;
  RunId newest;
};

// Calls `sink` for every file below versions/ and says whether a kept state needs it. `kept` in
// ascending order of runs, not empty.
Status plan_prune(std::span<const KeptState> kept, HeldPaths& held, KnownRuns known,
                  const std::function<void(const std::string&, const HeldPath::In&, bool)>& sink);

}  // namespace dray::worker
