#include "workers/attempt_places.h"

#include <vector>

#include "schemas/job_json.h"
#include "workers/run_config.h"

namespace dray::worker {
namespace {

// The state that a run reads or takes away; null: it writes the job's own.
const VersionRef* earlier_state(const AttemptState& state) {
  if (state.spec.kind == JobKind::restore && state.task.restore.version.run)
    return &state.task.restore.version;
  if (state.spec.kind == JobKind::prune && !state.task.prune.keep.empty())
    return &state.task.prune.keep.front();
  return nullptr;
}

// Of the others the destination is the place itself.
bool has_layout(JobKind kind) {
  return kind == JobKind::sync || kind == JobKind::copy || kind == JobKind::move ||
         kind == JobKind::restore || kind == JobKind::prune;
}

bool reads_source(JobKind kind) {
  return kind != JobKind::restore && kind != JobKind::prune;
}

}  // namespace

Result<std::unique_ptr<LoginKeeper::Use>> find_places(AttemptState& state) {
  const VersionRef* earlier = earlier_state(state);
  const Layout wanted_layout = earlier != nullptr ? earlier->layout : state.policy.layout;
  const Layout layout = has_layout(state.spec.kind) ? wanted_layout : Layout::mirror;
  const std::string versions =
      earlier != nullptr ? earlier->versions_path : state.policy.versions_path;
  std::vector<Endpoint> further;
  const bool own_path = layout == Layout::mirror && !versions.empty();
  if (own_path) {
    DRAY_TRY_ASSIGN(further.emplace_back(), annotate(parse_endpoint(versions), "versions_path"));
  }
  const RestoreTask& restore = state.task.restore;
  const bool restores = state.spec.kind == JobKind::restore && !restore.drill;
  if (restores) {
    DRAY_TRY_ASSIGN(further.emplace_back(),
                    annotate(parse_endpoint(restore.destination), "the place to restore to"));
  }
  ConfigWanted wanted{.remotes = state.spec.remotes,
                      .source = reads_source(state.spec.kind) ? state.spec.source : Endpoint{},
                      .destination = &state.spec.destination,
                      .crypt = state.policy.encryption ? &state.spec : nullptr,
                      .further = std::move(further)};
  DRAY_TRY_ASSIGN(RunConfig config, make_run_config(state.context, state.paths, std::move(wanted)));
  state.config = std::move(config.rclone);
  state.places = version_places(layout, state.config.destination,
                                own_path ? state.config.further.front() : "");
  if (restores) state.restore_to = state.config.further.back();
  if (restores && !restore.version.archive.empty()) {  // as archive_restore_step.h wants it
    state.config.source = std::move(state.config.destination);
    state.config.destination = state.restore_to;
    state.config.destination_local.clear();  // of the place that is read
  }
  return std::move(config.logins);
}

}  // namespace dray::worker
