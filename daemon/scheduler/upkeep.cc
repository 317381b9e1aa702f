#include "daemon/scheduler/upkeep.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/retention.h"
#include "daemon/store/path_overlap.h"
#include "daemon/store/store_catalog.h"
#include "daemon/store/store_db.h"
#include "daemon/store/store_jobs.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::store {
namespace {

struct DrillRow {
  DrillPeriod period;
  Duration every;
};
// An hour less, so that a drill after a nightly run does not slip by a day each time.
constexpr DrillRow kDrills[] = {
    {DrillPeriod::daily, hours{23}},
    {DrillPeriod::weekly, hours{7 * 24 - 1}},
    {DrillPeriod::monthly, hours{30 * 24 - 1}},
};

bool drill_is_due(DrillPeriod period, WallTime last, WallTime now) {
  return std::ranges::any_of(kDrills, [&](const DrillRow& row) {
    return row.period == period && now - last >= std::chrono::floor<microseconds>(row.every);
  });
}

PruneTask prune_task(const std::vector<VersionRow>& versions,
                     const std::vector<scheduler::RetentionChoice>& choices) {
  PruneTask task;
  for (const scheduler::RetentionChoice& choice : choices) {
    const auto version =
        std::ranges::find(versions, choice.run, [](const VersionRow& row) { return row.ref.run; });
    (choice.keep ? task.keep : task.remove).push_back(version->ref);
  }
  return task;
}

Status add_remotes(Db& db, RunSpec& spec, const std::string& remote) {
  DRAY_TRY_ASSIGN(std::vector<SealedRemote> closure,
                  Catalog(db).remote_closure(spec.client, remote));
  for (SealedRemote& one : closure)
    if (std::ranges::find(spec.remotes, one.name, &SealedRemote::name) == spec.remotes.end())
      spec.remotes.push_back(std::move(one));
  return {};
}

// The state that was asked for.
Result<VersionRef> chosen_version(const std::vector<VersionRow>& versions, const VersionRef& wanted,
                                  std::string_view job) {
  for (const VersionRow& row : versions) {
    if (row.state != VersionState::kept) continue;
    const bool fits = wanted.run                ? row.ref.run == wanted.run
                      : wanted.at != WallTime{} ? row.ref.at <= wanted.at
                                                : true;
    if (fits) return row.ref;
  }
  if (wanted.run)
    return fail(ErrorCode::not_found,
                "job {} keeps no state of run {}; `dray versions list {}` shows those it keeps",
                dray::quoted(job), wanted.run, job);
  if (wanted.at != WallTime{})
    return fail(ErrorCode::not_found,
                "job {} keeps no state as old as {}; `dray versions list {}` shows those it keeps",
                dray::quoted(job), format_rfc3339(wanted.at), job);
  return fail(ErrorCode::not_found, "job {} has no good run yet, so there is nothing to restore",
              dray::quoted(job));
}

Status check_target(Db& db, const JobSpec& job, const std::string& text) {
  DRAY_TRY_ASSIGN(const Endpoint target, annotate(parse_endpoint(text), "the place to restore to"));
  DRAY_TRY(annotate(check_path(target.path), "the place to restore to"));
  DRAY_TRY(Catalog(db).remote_closure(job.client, target.remote));
  // The next run of that job would take what was restored for its own.
  JobSpec written;
  written.client = job.client;
  written.destination = target;
  DRAY_TRY_ASSIGN(const std::string other, Jobs(db).writes_there(written, JobId{}));
  if (other.empty()) return {};
  return fail(ErrorCode::conflict,
              "{}: job {} writes to this place, or inside or around it; restore to another "
              "directory",
              dray::quoted(text), dray::quoted(other));
}

}  // namespace

Result<std::optional<scheduler::UpkeepDue>> upkeep_due(Db& db, JobId job, WallTime now) {
  DRAY_TRY_ASSIGN(const std::optional<JobRecord> record, Jobs(db).find(job));
  if (!record) return std::nullopt;
  const JobPolicy& policy = record->spec.policy;
  Versions store(db);
  std::vector<VersionRow> versions;
  if (const std::optional<VersionPlace> place = version_place(record->spec)) {
    DRAY_TRY_ASSIGN(versions, store.at(*place));
  }
  scheduler::UpkeepDue due;
  due.job = job;
  RunTask task;
  task.prune = prune_task(versions, scheduler::choose_versions(policy.retention, versions, now));
  if (!task.prune.remove.empty() && !task.prune.keep.empty()) {
    for (const VersionRef& version : task.prune.remove)
      due.prune.push_back(version.run);
    due.prune_task = to_json(task);
  }
  DRAY_TRY_ASSIGN(const WallTime drilled, store.drilled_at(job));
  if (drill_is_due(policy.restore_drill, drilled, now)) {
    RunTask drill;
    // A mirror has no state but what lies there.
    if (!task.prune.keep.empty()) drill.restore.version = task.prune.keep.front();
    drill.restore.drill = true;
    // To read a part of an archive costs as much as all of it.
    if (drill.restore.version.archive.empty()) drill.restore.sample_percent = kDrillPercent;
    due.drill_task = to_json(drill);
  }
  return due;
}

Result<std::vector<VersionRef>> previous_version(Db& db, const RunSpec& spec) {
  JobSpec job;
  job.client = spec.client;
  job.kind = spec.kind;
  job.destination = spec.destination;
  DRAY_TRY_ASSIGN(job.policy, job_policy_from(spec.policy));
  const std::optional<VersionPlace> place = version_place(job);
  if (!place) return std::vector<VersionRef>{};
  DRAY_TRY_ASSIGN(const std::optional<VersionRow> newest, Versions(db).newest(*place));
  return newest ? std::vector<VersionRef>{newest->ref} : std::vector<VersionRef>{};
}

Status fit_spec(Db& db, RunSpec& spec, const RunTask& task) {
  const VersionRef* earlier = nullptr;
  if (spec.kind == JobKind::restore && task.restore.version.run) earlier = &task.restore.version;
  if (spec.kind == JobKind::prune && !task.prune.keep.empty()) earlier = &task.prune.keep.front();
  if (earlier != nullptr) {
    DRAY_TRY_ASSIGN(spec.destination, parse_endpoint(earlier->destination));
    DRAY_TRY(add_remotes(db, spec, spec.destination.remote));
  }
  if (spec.kind == JobKind::restore && !task.restore.drill) {
    DRAY_TRY_ASSIGN(const Endpoint target, parse_endpoint(task.restore.destination));
    DRAY_TRY(add_remotes(db, spec, target.remote));
  }
  return {};
}

Result<RestoreTask> restore_task(Db& db, const JobSpec& job, const RestoreTask& wanted) {
  RestoreTask task;
  task.pattern = wanted.pattern;
  task.destination = wanted.destination;
  DRAY_TRY(check_target(db, job, wanted.destination));
  const std::optional<VersionPlace> place = version_place(job);
  if (place) {
    DRAY_TRY_ASSIGN(const std::vector<VersionRow> versions, Versions(db).at(*place));
    DRAY_TRY_ASSIGN(task.version, chosen_version(versions, wanted.version, job.name));
    return task;
  }
  if (wanted.version.run || wanted.version.at != WallTime{})
    return fail(ErrorCode::invalid,
                "job {} has layout mirror without a path for versions: only its newest state can "
                "be restored; leave --at out",
                dray::quoted(job.name));
  if (job.kind != JobKind::sync && job.kind != JobKind::copy && job.kind != JobKind::move)
    return fail(ErrorCode::invalid, "a job of kind {} leaves nothing that could be restored",
                to_string(job.kind));
  return task;
}

}  // namespace dray::store
