#include "workers/manifest_step.h"

#include <algorithm>
#include <array>

#include "workers/chain_step.h"
#include "workers/manifest.h"

namespace dray::worker {
namespace {

// Backends that ask for each object by itself to learn when the file was changed. There the
// manifest says when it was stored.
constexpr std::array kDearTimes = {std::string_view("s3"), std::string_view("swift")};

bool has_dear_times(const RunSpec& spec) {
  return std::ranges::any_of(spec.remotes, [](const SealedRemote& remote) {
    return std::ranges::find(kDearTimes, remote.type) != kDearTimes.end();
  });
}

class ManifestStep final : public ChainStep {
 public:
  explicit ManifestStep(AttemptState& state)
      : ChainStep(state), sorter_(state.paths.directory + "/objects") {}

 private:
  Status begin_chain() override {
    ListingWanted wanted;
    wanted.label = "list";
    wanted.remote = state().places.objects;
    wanted.server_mtimes = has_dear_times(state().spec);
    list(
        std::move(wanted), [this](const RemoteEntry& entry) { sorter_.add(entry); },
        [this](const ListingEnd&) { return write(); });
    return {};
  }

  std::string file() { return state().paths.directory + "/" + manifest_name(state().token.run); }

  Status write() {
    DRAY_TRY_ASSIGN(std::unique_ptr<EntrySource> sorted, sorter_.sorted());
    DRAY_TRY_ASSIGN(ManifestWriter writer, ManifestWriter::create(file()));
    for (;;) {
      DRAY_TRY_ASSIGN(const std::optional<RemoteEntry> entry, sorted->next());
      if (!entry) break;
      DRAY_TRY(writer.add(*entry));
    }
    DRAY_TRY_ASSIGN(summary_, writer.finish());
    const std::vector<VersionRef>& previous = state().task.previous;
    if (!previous.empty() && previous.front().digest == summary_.digest) {
      state().note("info", fmt::format("nothing has changed since run {}: it shares its manifest",
                                       previous.front().run));
      return report(previous.front().manifest);
    }
    const std::string name = fmt::format("{}/{}", kManifestsDir, manifest_name(state().token.run));
    run({.label = "manifest",
         .verb = "copyto",
         .operands = {file(), below_place(state().places.store, name)}},
        [this, name](const ProcessEnd&) { return report(name); });
    return {};
  }

  Status report(const std::string& name) {
    VersionRef version;
    version.run = state().token.run;
    version.at = state().context.clock.now().wall;
    version.manifest = name;
    version.files = summary_.files;
    version.bytes = summary_.bytes;
    version.digest = summary_.digest;
    const Endpoint& destination = state().spec.destination;
    version.destination = fmt::format("{}:{}", destination.remote, destination.path);
    version.layout = state().policy.layout;
    if (version.layout == Layout::mirror) version.versions_path = state().policy.versions_path;
    state().report.version = {std::move(version)};
    finish(StepEnd{});
    return {};
  }

  EntrySorter sorter_;
  ManifestSummary summary_;
};

}  // namespace

bool keeps_versions(const AttemptState& state) {
  const JobKind kind = state.spec.kind;
  const bool plain = kind == JobKind::sync || kind == JobKind::copy || kind == JobKind::move;
  return plain && !state.places.store.empty() && !state.spec.dry_run;
}

std::vector<std::string> backup_flags(const AttemptState& state) {
  if (state.places.store.empty()) return {};
  const std::string dir = dir_name({state.token.run, state.token.attempt});
  return {"--backup-dir", below_place(state.places.store, fmt::format("{}/{}", kVersionsDir, dir))};
}

std::unique_ptr<Step> make_manifest_step(AttemptState& state) {
  return std::make_unique<ManifestStep>(state);
}

}  // namespace dray::worker
