#include "workers/prune_step.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "workers/archive_names.h"
#include "workers/chain_step.h"
#include "workers/manifest.h"
#include "workers/restore_plan.h"
#include "workers/run_directory.h"
#include "workers/version_math.h"

namespace dray::worker {
namespace {

// What goes from one directory below versions/.
struct Doomed {
  uint64_t files = 0;  // that go
  uint64_t bytes = 0;
  uint64_t stay = 0;
};

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// A state of plain objects, whose manifest says what it needs.
bool keeps_objects(const VersionRef& version) {
  return version.archive.empty() && !version.manifest.empty();
}

// The volumes of an archive and its manifest.
std::vector<std::string> archive_files(const VersionRef& version) {
  std::vector<std::string> files{version.archive};
  for (uint32_t number = 2; number <= version.volumes; ++number)
    files.push_back(volume_name(version.archive, number));
  if (!version.manifest.empty()) files.push_back(version.manifest);
  return files;
}

class PruneStep final : public ChainStep {
 public:
  explicit PruneStep(AttemptState& state)
      : ChainStep(state),
        task_(state.task.prune),
        held_(state.paths.directory + "/held"),
        writer_(state.paths.directory, "", versions()) {}

 private:
  std::string versions() { return below_place(state().places.store, kVersionsDir); }
  std::string manifests() { return below_place(state().places.store, kManifestsDir); }
  std::string file(std::string_view name) {
    return fmt::format("{}/{}", state().paths.directory, name);
  }

  Status begin_chain() override;
  Status fetch_manifests();
  Status list_held();
  Status plan();
  void note_doomed(const std::string& path, const HeldPath::In& in, bool needed);
  Status add_doomed_directories();
  Status add_doomed_manifests();
  Status add_doomed_archives();
  Status remove_next();
  void add(Command command, DeletedVersion what);
  void conclude();

  struct Removal {
    Command command;
    DeletedVersion what;  // reported once it is done; of no run: not at all
  };

  const PruneTask& task_;
  EntrySorter held_;
  RestorePartWriter writer_;
  Status first_;  // failure of a list
  std::map<VersionDir, Doomed> doomed_;
  std::deque<Removal> removals_;
  size_t all_ = 0;
};

Status PruneStep::begin_chain() {
  if (task_.remove.empty() || task_.keep.empty())
    return fail(ErrorCode::invalid, "a prune without states to remove or to keep");
  const bool plain = std::ranges::any_of(
      task_.remove, [](const VersionRef& version) { return version.archive.empty(); });
  if (plain && !state().places.store.empty()) return fetch_manifests();
  DRAY_TRY(add_doomed_archives());
  return remove_next();
}

// Only of what stays: what goes needs nothing any more.
Status PruneStep::fetch_manifests() {
  std::set<std::string> names;
  for (const VersionRef& version : task_.keep)
    if (keeps_objects(version)) names.insert(base_name(version.manifest));
  std::string list;
  for (const std::string& name : names)
    list += name + "\n";
  DRAY_TRY(write_private_file(file("kept"), list));
  run(
      {.label = "manifests",
       .verb = "copy",
       .operands = {manifests(), file("manifests")},
       .flags = {"--files-from-raw", file("kept"), "--no-traverse"}},
      [this](const ProcessEnd&) { return list_held(); },
      [](const ProcessEnd& end, const StepEnd&) { return end.evidence.exit_code == 0; });
  return {};
}

Status PruneStep::list_held() {
  ListingWanted wanted;
  wanted.label = "versions";
  wanted.remote = versions();
  wanted.mtimes = false;
  list(
      std::move(wanted),
      [this](const RemoteEntry& entry) {
        if (const auto held = held_entry(entry)) held_.add(*held);
      },
      [this](const ListingEnd&) { return plan(); });
  return {};
}

Status PruneStep::plan() {
  std::vector<std::unique_ptr<ManifestReader>> readers;
  std::vector<KeptState> kept;
  std::vector<RunId> known;
  for (const VersionRef& version : task_.remove)
    known.push_back(version.run);
  for (const VersionRef& version : task_.keep) {
    known.push_back(version.run);
    if (!keeps_objects(version)) continue;
    // Without it nobody can tell what its state needs: nothing may go.
    DRAY_TRY_ASSIGN(std::unique_ptr<ManifestReader> reader,
                    annotate(ManifestReader::open(file("manifests/" + base_name(version.manifest))),
                             fmt::format("the manifest of run {}", version.run)));
    kept.push_back({version.run, reader.get()});
    readers.push_back(std::move(reader));
  }
  std::ranges::sort(kept, {}, &KeptState::run);
  const auto [oldest, newest] = std::ranges::minmax(known);
  DRAY_TRY_ASSIGN(const std::unique_ptr<EntrySource> sorted, held_.sorted());
  HeldPaths held(*sorted);
  DRAY_TRY(plan_prune(kept, held, {oldest, newest},
                      [this](const std::string& path, const HeldPath::In& in, bool needed) {
                        note_doomed(path, in, needed);
                      }));
  DRAY_TRY(std::move(first_));
  DRAY_TRY(add_doomed_directories());
  DRAY_TRY(add_doomed_archives());
  DRAY_TRY(add_doomed_manifests());
  return remove_next();
}

void PruneStep::note_doomed(const std::string& path, const HeldPath::In& in, bool needed) {
  Doomed& dir = doomed_[in.dir];
  if (needed) {
    ++dir.stay;
    return;
  }
  ++dir.files;
  if (in.size != RemoteEntry::kUnknownSize) dir.bytes += in.size;
  RemoteEntry entry;
  entry.path = path;
  entry.size = in.size;
  if (first_) first_ = writer_.add(entry, in.dir);
}

Status PruneStep::add_doomed_directories() {
  DRAY_TRY_ASSIGN(const std::vector<RestorePart> parts, writer_.finish());
  bool partly = false;
  for (const auto& [dir, doomed] : doomed_) {
    if (doomed.files == 0) continue;
    const std::string name = dir_name(dir);
    const std::string place = below_place(versions(), name);
    const DeletedVersion what{dir.run, fmt::format("{}/{}", kVersionsDir, name), doomed.files,
                              doomed.bytes};
    if (doomed.stay == 0) {
      add({.label = "purge", .verb = "purge", .operands = {place}}, what);
      continue;
    }
    partly = true;
    const auto part = std::ranges::find(parts, place, &RestorePart::from);
    add({.label = "delete",
         .verb = "delete",
         .operands = {place},
         .flags = {"--files-from-raw", part->list}},
        what);
  }
  if (partly)
    add({.label = "rmdirs", .verb = "rmdirs", .operands = {versions()}, .flags = {"--leave-root"}},
        {});
  return {};
}

// Last: until then the next attempt still knows all about it.
Status PruneStep::add_doomed_manifests() {
  std::set<std::string> kept;
  for (const VersionRef& version : task_.keep)
    kept.insert(version.manifest);
  std::set<std::string> gone;
  for (const VersionRef& version : task_.remove) {
    if (!keeps_objects(version) || kept.contains(version.manifest)) continue;
    if (!gone.insert(version.manifest).second) continue;
    add({.label = "manifest",
         .verb = "deletefile",
         .operands = {below_place(state().places.store, version.manifest)}},
        {version.run, version.manifest, 1, 0});
  }
  return {};
}

Status PruneStep::add_doomed_archives() {
  for (const VersionRef& version : task_.remove) {
    if (version.archive.empty()) continue;
    for (const std::string& path : archive_files(version))
      add({.label = "archive",
           .verb = "deletefile",
           .operands = {below_place(state().config.destination, path)}},
          {version.run, path, 1, 0});
  }
  return {};
}

void PruneStep::add(Command command, DeletedVersion what) {
  command.kind = RcloneVerb::remove;
  removals_.push_back({std::move(command), std::move(what)});
  all_ = removals_.size();
}

Status PruneStep::remove_next() {
  Progress progress;
  progress.deletes = static_cast<int64_t>(state().deletes);
  if (all_ > 0)
    progress.percent =
        100.0 * static_cast<double>(all_ - removals_.size()) / static_cast<double>(all_);
  state().host.show(progress, false);
  if (removals_.empty()) {
    conclude();
    return {};
  }
  Removal removal = std::move(removals_.front());
  removals_.pop_front();
  run(
      std::move(removal.command),
      [this, what = std::move(removal.what)](const ProcessEnd& end) {
        if (what.run && end.evidence.exit_code == 0) {
          state().report.deleted.push_back(what);
          state().deletes += what.files;
        }
        return remove_next();
      },
      was_gone);
  return {};
}

void PruneStep::conclude() {
  StepEnd end;
  if (state().report.deleted.empty()) end.outcome = Outcome::nothing_to_do;
  finish(std::move(end));
}

}  // namespace

bool is_prune(const AttemptState& state) {
  return state.spec.kind == JobKind::prune;
}

std::unique_ptr<Step> make_prune_step(AttemptState& state) {
  return std::make_unique<PruneStep>(state);
}

}  // namespace dray::worker
