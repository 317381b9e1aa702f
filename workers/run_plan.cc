#include "workers/run_plan.h"

#include "workers/archive_compare_step.h"
#include "workers/archive_restore_step.h"
#include "workers/archive_step.h"
#include "workers/command_step.h"
#include "workers/guard_step.h"
#include "workers/hook_step.h"
#include "workers/manifest_step.h"
#include "workers/path_glob.h"
#include "workers/prune_step.h"
#include "workers/receive_step.h"
#include "workers/restore_step.h"
#include "workers/transfer_step.h"
#include "workers/upload_steps.h"
#include "workers/validation_step.h"

namespace dray::worker {
namespace {

bool is_plain_transfer(const AttemptState& state) {
  return state.spec.kind == JobKind::sync || state.spec.kind == JobKind::copy ||
         state.spec.kind == JobKind::move;
}

bool is_guarded(const AttemptState& state) {
  return is_plain_transfer(state) && needs_guard(state);
}

template <JobKind kind>
bool is(const AttemptState& state) {
  return state.spec.kind == kind;
}

bool is_archive(const AttemptState& state) {
  return state.spec.kind == JobKind::archive;
}

bool restores_archive(const AttemptState& state) {
  return state.spec.kind == JobKind::restore && !state.task.restore.version.archive.empty();
}
bool compares_archive(const AttemptState& state) {
  return restores_archive(state) && !state.spec.dry_run;
}
std::unique_ptr<Step> make_archive_restore(AttemptState& state) {
  const std::string& pattern = state.task.restore.pattern;
  if (pattern.empty()) return make_archive_restore_step(state);
  return make_archive_restore_step(
      state, [pattern](std::string_view path) { return path_matches(pattern, path); });
}

struct StepRow {
  std::string_view name;
  Phase phase;
  double weight;  // where progress.toml has none
  bool always;
  bool (*applies)(const AttemptState&);
  std::unique_ptr<Step> (*make)(AttemptState&);
  bool main = false;
};

bool is_upload(const AttemptState& state) {
  return state.spec.kind == JobKind::upload;
}
bool follows_attempt(const AttemptState& state) {
  return is_upload(state) && state.token.attempt > 1;
}

// Hooks stand around all of it.
constexpr StepRow kSteps[] = {
    {"guard", Phase::checking, 5, false, is_guarded, make_guard_step},
    {"clear", Phase::cleaning, 1, false, follows_attempt, make_upload_clear_step},
    {"transfer", Phase::transferring, 90, false, is_plain_transfer, make_transfer_step, true},
    {"archive", Phase::transferring, 90, false, is_archive, make_archive_step, true},
    {"receive", Phase::transferring, 90, false, is_upload, make_receive_step, true},
    {"compare", Phase::validating, 90, false, is<JobKind::check>, make_check_step, true},
    {"command", Phase::transferring, 90, false, is<JobKind::command>, make_command_step, true},
    {"validation", Phase::validating, 15, false, needs_validation, make_validation_step},
    {"verify", Phase::validating, 5, false, is_upload, make_upload_verify_step},
    {"verify", Phase::validating, 5, false, is_archive, make_archive_verify_step},
    {"clean up", Phase::cleaning, 1, true, is_archive, make_archive_cleanup_step},
    {"store", Phase::recording, 2, false, is_upload, make_upload_store_step},
    {"clean up", Phase::cleaning, 1, true, is_upload, make_upload_clean_step},
    {"manifest", Phase::recording, 5, false, keeps_versions, make_manifest_step},
    {"restore", Phase::transferring, 90, false, restores_archive, make_archive_restore, true},
    {"compare", Phase::validating, 10, false, compares_archive, make_archive_compare_step},
    {"plan", Phase::listing, 5, false, restores_objects, make_restore_plan_step},
    {"restore", Phase::transferring, 80, false, restores_objects, make_restore_copy_step, true},
    {"compare", Phase::validating, 15, false, checks_restore, make_restore_check_step},
    {"cleanup", Phase::cleaning, 5, true, is_drill, make_drill_cleanup_step},
    {"prune", Phase::cleaning, 90, false, is_prune, make_prune_step, true},
};

void add_hooks(AttemptState& state, const std::vector<HookCall>& calls, HookPhase phase,
               std::vector<PlannedStep>& steps) {
  const std::string name = phase == HookPhase::before ? "before" : "after";
  for (const HookCall& call : calls)
    steps.push_back({.name = name + " " + call.name,
                     .phase = Phase::hooks,
                     .weight = state.context.phases.weight_of(name, 1),
                     .always = phase == HookPhase::after,
                     .step = make_hook_step(state, call, phase)});
}

}  // namespace

std::vector<PlannedStep> plan_steps(AttemptState& state) {
  std::vector<PlannedStep> steps;
  const bool hooks = runs_hooks(state.spec);
  if (hooks) add_hooks(state, state.policy.before, HookPhase::before, steps);
  const size_t before = steps.size();
  for (const StepRow& row : kSteps)
    if (row.applies(state))
      steps.push_back({.name = std::string(row.name),
                       .phase = row.phase,
                       .weight = state.context.phases.weight_of(row.name, row.weight),
                       .always = row.always,
                       .step = row.make(state),
                       .main = row.main});
  if (steps.size() == before) return {};
  if (hooks) add_hooks(state, state.policy.after, HookPhase::after, steps);
  return steps;
}

}  // namespace dray::worker
