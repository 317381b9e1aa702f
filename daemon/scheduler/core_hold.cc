// Runs that their guard stopped before anything was changed: kept without a slot until a person
// decides. What an attempt found out beyond its outcome is read here as well.
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {

// Takes what people see of the report over into the run. What is no report is not stored: it would
// be passed on as JSON.
AttemptReport Core::Impl::take_report(RunRow& row, AttemptResult& result) {
  row.grade = Grade::none;
  if (result.report.empty()) return {};
  Result<AttemptReport> report = from_json<AttemptReport>(result.report, {.unknown_keys = true});
  if (!report) {
    result.report.clear();
    return {};
  }
  if (!report->validation.empty()) row.grade = report->validation.front().grade;
  return std::move(*report);
}

void Core::Impl::hold(Run& run, const AttemptReport& report) {
  RunRow& row = run.row;
  const GuardReport guard = report.guard.empty() ? GuardReport{} : report.guard.front();
  row.reason = guard.reason.empty() ? row.hint : guard.reason;
  if (row.reason.empty()) row.reason = "the guard of the job stopped it";
  row.pause_requested = false;  // whoever approves it wants it to go on
  emit(SendOwners{Owners{false, {}, {row.token()}}});
  release(run, true);
  move(run, RunState::held);
  store(run);
  Body body;
  body.number("attempt", row.attempt).text("reason", row.reason);
  body.number("known_files", static_cast<int64_t>(guard.known_files));
  body.number("source_files", static_cast<int64_t>(guard.source_files));
  body.number("deletes", static_cast<int64_t>(guard.deletes));
  body.number("overwrites", static_cast<int64_t>(guard.overwrites));
  body.number("creates", static_cast<int64_t>(guard.creates));
  add_event(event_kind::kRunHeld, &row, body.done());
}

void Core::Impl::on(const DecideHeld& event) {
  Run* run = find(event.run);
  if (run == nullptr || run->row.state != RunState::held) return;
  RunRow& row = run->row;
  Body body;
  body.text("asked_by", event.asked_by).text("reason", event.reason);
  if (!event.approve) {
    row.cancel_requested = true;
    row.cancel_reason = event.reason.empty() ? "rejected: " + row.reason : event.reason;
    row.cancel_by = event.asked_by;
    emit(AddCancelRequest{row.id, now_.wall, row.cancel_reason, event.asked_by});
    add_event(event_kind::kRunRejected, &row, body.done());
    row.reason = row.cancel_reason;
    return finish(*run, RunState::cancelled, Outcome::cancelled, ErrorClass::guard);
  }
  row.task = approved_task(row.task);
  row.reason.clear();
  row.hint.clear();
  row.error_class = ErrorClass::none;
  move(*run, RunState::queued);
  store(*run);
  add_event(event_kind::kRunApproved, &row, body.done());
  make_ready(*run);
}

std::string Core::Impl::approved_task(const std::string& task) {
  RunTask changed;
  if (Result<RunTask> stored = from_json<RunTask>(task, {.unknown_keys = true});
      !task.empty() && stored)
    changed = std::move(*stored);
  changed.approved = true;
  return to_json(changed);
}

}  // namespace dray::scheduler
