// Runs that somebody asks for, before the core hears of them.
#include "daemon/base/quote.h"
#include "daemon/scheduler/safe_name.h"
#include "daemon/scheduler/shell.h"
#include "daemon/scheduler/upkeep.h"
#include "schemas/codec.h"
#include "schemas/file_name.h"
#include "schemas/json_fields.h"
#include "schemas/run_task.h"

namespace dray {
namespace {

// Of what an asker sends along with a file only the file counts.
Result<std::string> upload_task(const RunTask& sent) {
  DRAY_TRY(check_upload(sent.upload));
  RunTask task;
  task.upload = sent.upload;
  return to_json(task);
}

}  // namespace

// What somebody sends along: what to restore, or the file that is handed in.
Status Shell::fill_sent(scheduler::RunNow& event) {
  Enqueue& request = event.request;
  DRAY_TRY_ASSIGN(RunTask sent,
                  annotate(from_json<RunTask>(request.task, {.unknown_keys = true}), "task"));
  request.task.clear();
  if (!(sent.restore == RestoreTask{})) return fill_restore(event, sent);
  DRAY_TRY_ASSIGN(request.task, upload_task(sent));
  return {};
}

void Shell::enqueue(const Enqueue& request, const scheduler::Asker& asker, Now now) {
  if (!accepting())
    return post(asker.session, asker.request_id,
                Enqueued{to_wire_code(ErrorCode::exhausted), refusal_text(), {}});
  Enqueue clean = request;
  clean.asked_by = safe_name(request.asked_by, asker.name);
  scheduler::RunNow event{asker, std::move(clean)};
  Status filled;
  if (request.rerun_of) {
    filled = fill_rerun(event);
  } else if (!request.task.empty()) {
    filled = fill_sent(event);
  }
  if (!filled)
    return post(asker.session, asker.request_id,
                Enqueued{to_wire_code(filled.error().code), filled.error().message, {}});
  handle(event, now);
}

// A restore that somebody asks for.
Status Shell::fill_restore(scheduler::RunNow& event, const RunTask& task) {
  const Enqueue& request = event.request;
  if (task.restore.destination.empty())
    return fail(ErrorCode::invalid, "task: a restore needs a place to restore to");
  DRAY_TRY_ASSIGN(const auto record, store::Jobs(store_.db()).find(request.job));
  if (!record) return fail(ErrorCode::not_found, "there is no job {}", quoted(request.job));
  RunTask wanted;
  DRAY_TRY_ASSIGN(wanted.restore, store::restore_task(store_.db(), record->spec, task.restore));
  event.rerun = {JobKind::restore, to_json(wanted)};
  return {};
}

// The run that is to be repeated, whether it has ended or not. An approval was given to that run
// alone.
Status Shell::fill_rerun(scheduler::RunNow& event) {
  const RunId of = event.request.rerun_of;
  std::optional<RunRow> row;
  if (const RunRow* open = core_.find_run(of)) {
    row = *open;
  } else {
    DRAY_TRY_ASSIGN(row, store::Queries(store_.db()).row(of));
  }
  if (!row) return fail(ErrorCode::not_found, "there is no run {}", of);
  if (row->kind == JobKind::upload)
    return fail(ErrorCode::conflict, "run {} took a file that was handed in; hand it in again", of);
  if (row->kind == JobKind::prune)
    return fail(ErrorCode::conflict,
                "run {} removed what retention let go then; the next good run asks it again", of);
  event.request.job = row->job_name;
  event.request.dry_run = event.request.dry_run || row->dry_run;
  RunTask task;
  if (!row->task.empty()) {
    DRAY_TRY_ASSIGN(task, from_json<RunTask>(row->task, JsonReadOptions{.unknown_keys = true}));
  }
  task.approved = false;
  event.rerun = {row->kind, task == RunTask{} ? std::string() : to_json(task)};
  return {};
}

}  // namespace dray
