// States that can be restored: recorded with the result of their run; and the runs that follow from
// them, which are no backups: prunes and restore drills.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"
#include "schemas/job_json.h"
#include "schemas/json_fields.h"

namespace dray::scheduler {
namespace {

bool is_clean(Outcome outcome) {
  return outcome == Outcome::succeeded || outcome == Outcome::nothing_to_do;
}

}  // namespace

// Called for every result, before the run moves on.
void Core::Impl::keep_versions(Run& run, const AttemptResult& result, AttemptReport report) {
  const RunRow& row = run.row;
  if (!report.deleted.empty()) {
    uint64_t files = 0;
    uint64_t bytes = 0;
    for (const DeletedVersion& one : report.deleted) {
      files += one.files;
      bytes += one.bytes;
    }
    emit(AddDeletions{row.id, row.job, now_.wall, std::move(report.deleted)});
    add_event(event_kind::kVersionsPruned, &row,
              Body{}
                  .number("files", static_cast<int64_t>(files))
                  .number("bytes", static_cast<int64_t>(bytes))
                  .done());
  }
  const bool clean = is_clean(result.outcome);
  if (row.kind == JobKind::prune) {
    if (clean) emit(EndPrune{row.id, now_.wall});
    return;
  }
  if (!is_job_kind(row.kind) || row.dry_run) return;
  if (!clean && result.outcome != Outcome::warning) return;
  const Grade grade = report.validation.empty() ? Grade::none : report.validation.front().grade;
  const bool good = clean && grade != Grade::failed && grade != Grade::partial;
  if (!report.version.empty()) add_version(row, std::move(report.version.front()), grade, good);
  // What is not proven well enough must not push out what is.
  if (good && !run.job->removed && (run.job->drills || !report.version.empty()))
    emit(CheckUpkeep{row.job});
}

void Core::Impl::add_version(const RunRow& row, VersionRef ref, Grade grade, bool good) {
  VersionRow version;
  version.ref = std::move(ref);
  version.ref.run = row.id;
  // As exact as people are shown it, so that what they read finds it again.
  version.ref.at = std::chrono::floor<milliseconds>(not_before(row.started_at));
  version.ref.grade = grade;
  version.job = row.job;
  version.job_name = row.job_name;
  version.client = row.client;
  version.good = good;
  Body body;
  body.number("files", static_cast<int64_t>(version.ref.files));
  body.number("bytes", static_cast<int64_t>(version.ref.bytes)).flag("good", good);
  add_event(event_kind::kVersionKept, &row, body.done());
  emit(PutVersion{std::move(version)});
}

// A restore uses the account of the place that it restores to as well.
void Core::Impl::find_further_account(Run& run) {
  if (run.row.kind != JobKind::restore || run.row.task.empty()) return;
  const Result<RunTask> task = from_json<RunTask>(run.row.task, {.unknown_keys = true});
  if (!task || task->restore.destination.empty()) return;
  if (const Result<Endpoint> place = parse_endpoint(task->restore.destination))
    run.further_account = account_index(run.row.client, place->remote);
}

std::vector<uint32_t> Core::Impl::accounts_of(const Run& run) const {
  std::vector<uint32_t> accounts = run.job->accounts;
  if (run.further_account && std::ranges::find(accounts, *run.further_account) == accounts.end())
    accounts.push_back(*run.further_account);
  return accounts;
}

bool Core::Impl::has_open(const Job& job, Trigger trigger) const {
  return std::ranges::any_of(job.open, [&](RunId id) { return find(id)->row.trigger == trigger; });
}

void Core::Impl::on(const UpkeepDue& event) {
  const auto it = jobs_.find(event.job);
  if (it == jobs_.end() || it->second.removed) return;
  Job& job = it->second;
  if (!event.prune_task.empty() && !has_open(job, Trigger::retention)) {
    const RunId run = add_upkeep(job, Trigger::retention, JobKind::prune, event.prune_task);
    emit(MarkPruning{run, event.prune});
  }
  if (!event.drill_task.empty() && !has_open(job, Trigger::drill)) {
    add_upkeep(job, Trigger::drill, JobKind::restore, event.drill_task);
    emit(MarkDrill{job.id, now_.wall});
  }
}

RunId Core::Impl::add_upkeep(Job& job, Trigger trigger, JobKind kind, const std::string& task) {
  last_manual_at_ = std::max(now_.wall, last_manual_at_ + microseconds{1});
  RunRow row = new_row(job, trigger, last_manual_at_);
  row.kind = kind;
  row.task = task;
  Run& run = add_run(std::move(row), job);
  emit(InsertRun{run.row});
  Body body;
  body.text("trigger", to_string(trigger)).time("scheduled_at", run.row.scheduled_at);
  body.text("kind", to_string(kind));
  add_event(event_kind::kRunQueued, &run.row, body.done());
  const RunId id = run.row.id;
  make_ready(run);
  return id;
}

}  // namespace dray::scheduler
