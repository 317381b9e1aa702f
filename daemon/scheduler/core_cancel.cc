// Cancel: durable first, then told. What no worker holds ends at once; what a worker holds is
// `cancelling` until the worker says that it is gone, or its lease proves it.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

uint8_t wire_code(ErrorCode code) {
  return static_cast<uint8_t>(static_cast<int>(code) + 1);
}

}  // namespace

void Core::Impl::on(const CancelRuns& event) {
  CancelReply reply;
  const std::vector<RunId> runs = chosen(event.request, reply);
  if (reply.code == 0) {
    const std::string& by =
        event.request.asked_by.empty() ? event.asker.name : event.request.asked_by;
    size_t done = 0;
    for (const RunId id : runs) {
      Run* run = find(id);
      CancelRow row =
          run != nullptr ? cancel(*run, event.request.reason, by) : cancel_unknown(id, event);
      done += row.code == 0 ? 1 : 0;
      // A list of names is answered in full; "all of it" as far as a page goes.
      if (!event.request.runs.empty() || reply.rows.size() < limits::kMaxPageRows)
        reply.rows.push_back(std::move(row));
    }
    reply.message = done == 1 ? "1 run" : fmt::format("{} runs", done);
  }
  emit(ReplyCancel{event.asker, std::move(reply)});
}

std::vector<RunId> Core::Impl::chosen(const CancelRequest& request, CancelReply& reply) const {
  const auto refuse = [&](ErrorCode code, std::string message) {
    reply.code = wire_code(code);
    reply.message = std::move(message);
    return std::vector<RunId>{};
  };
  const int ways = (request.runs.empty() ? 0 : 1) + (request.job.empty() ? 0 : 1) +
                   (request.client.empty() ? 0 : 1) + (request.all ? 1 : 0);
  if (ways != 1) return refuse(ErrorCode::invalid, "name exactly one of: runs, job, client, all");
  if (!request.runs.empty()) return request.runs;
  if (!request.job.empty()) {
    const auto job = job_names_.find(request.job);
    if (job != job_names_.end()) return job->second->open;
    return refuse(ErrorCode::not_found, fmt::format("no job {}", quoted(request.job)));
  }
  uint32_t client = 0;
  if (!request.client.empty()) {
    const auto named = client_names_.find(request.client);
    if (named == client_names_.end())
      return refuse(ErrorCode::not_found, fmt::format("no client {}", quoted(request.client)));
    client = named->second;
  }
  std::vector<RunId> runs;
  for (const auto& [id, run] : runs_)
    if (request.all || run.client == client) runs.push_back(id);
  return runs;
}

CancelRow Core::Impl::cancel(Run& run, std::string_view reason, std::string_view asked_by) {
  RunRow& row = run.row;
  CancelRow answer{row.id, 0, RunState::cancelled, "cancelled"};
  const RunState before = row.state;
  emit(AddCancelRequest{row.id, now_.wall, std::string(reason), std::string(asked_by)});
  if (before == RunState::cancelling) {
    answer.state = RunState::cancelling;
    answer.message = fmt::format("is already being stopped, asked by {}", quoted(row.cancel_by));
    send_stop(run);
    return answer;
  }
  row.cancel_requested = true;
  row.cancel_reason = reason;
  row.cancel_by = asked_by;
  Body body;
  body.text("reason", reason).text("asked_by", asked_by).text("state", to_string(before));
  add_event(event_kind::kRunCancelRequested, &row, body.done());
  if (is_on_worker(before)) {
    move(run, RunState::cancelling);
    store(run);
    send_stop(run);
    answer.state = RunState::cancelling;
    answer.message = fmt::format("is being stopped on worker {}", quoted(row.worker));
    return answer;
  }
  if (before == RunState::assigned) {
    if (run.worker->session) emit(SendWithdraw{run.worker->session, run.offer});
    release(run, false);
  }
  row.reason = reason;
  finish(run, RunState::cancelled, Outcome::cancelled, ErrorClass::none);
  return answer;
}

CancelRow Core::Impl::cancel_unknown(RunId run, const CancelRuns& event) const {
  CancelRow row{run, wire_code(ErrorCode::not_found), RunState::queued, "there is no such run"};
  std::optional<RunState> state;
  if (const RunState* ended = ended_runs_.find(run)) state = *ended;
  for (const EndedRun& ended : event.ended)
    if (ended.run == run) state = ended.state;
  if (!state) return row;
  row.code = wire_code(ErrorCode::conflict);
  row.state = *state;
  row.message = fmt::format("has already ended: {}", to_string(*state));
  return row;
}

// Told at once, and again with every heartbeat: a cancel by Renewed.cancel, a pause by another
// STOP.
void Core::Impl::send_stop(Run& run) {
  if (!run.worker->session) return;
  const RunRow& row = run.row;
  StopAttempt stop{row.token(), row.cancel_reason, row.cancel_by, !row.cancel_requested};
  run.pause_told = stop.pause;
  if (stop.pause)
    stop.reason = row.pause_requested   ? row.reason
                  : outside_window(run) ? "its window has ended"
                                        : "maintenance";
  emit(SendStop{run.worker->session, std::move(stop)});
}

}  // namespace dray::scheduler
