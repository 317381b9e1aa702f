// Pause and resume, and the place of a run in the queue. A pause is durable first, then told. What
// a worker holds stays in its state until the worker says that it is gone, or its lease proves it;
// the run is then `paused`, and goes on as another attempt.
//
// A worker that was told to stop reports `cancelled`; without a cancel that means: stopped to go on
// later. If by then nothing holds the run back any more (it was resumed, its window is open), it
// goes straight back into the queue.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {

void Core::Impl::on(const PauseRuns& event) {
  for (const RunId id : event.runs)
    if (Run* run = find(id)) pause(*run, event.reason, event.asked_by);
}

void Core::Impl::on(const ResumeRuns& event) {
  for (const RunId id : event.runs) {
    Run* run = find(id);
    if (run == nullptr || run->row.cancel_requested) continue;
    if (!run->row.pause_requested) continue;
    run->row.pause_requested = false;
    run->row.reason.clear();
    add_event(event_kind::kRunResumed, &run->row, Body{}.text("asked_by", event.asked_by).done());
    if (run->row.state == RunState::paused) {
      let_go_on(*run);
      if (run->row.state == RunState::paused) store(*run);
    } else {
      store(*run);  // it was told to stop, and goes on when it has
    }
  }
}

void Core::Impl::pause(Run& run, std::string_view reason, std::string_view asked_by) {
  RunRow& row = run.row;
  if (row.cancel_requested || row.pause_requested || row.state == RunState::held) return;
  Body body;
  body.text("reason", reason).text("asked_by", asked_by).text("state", to_string(row.state));
  add_event(event_kind::kRunPauseRequested, &row, body.done());
  row.pause_requested = true;
  row.reason = reason.empty() ? fmt::format("paused by {}", asked_by)
                              : fmt::format("paused by {}: {}", asked_by, reason);
  if (is_on_worker(row.state)) {
    store(run);
    send_stop(run);
    return;
  }
  if (row.state == RunState::paused) {  // at the end of its window; now it waits for a person
    store(run);
    return;
  }
  if (row.state == RunState::assigned) take_back(run);
  come_to_rest(run, row.reason);
}

// No process of it is left, no slot is held.
void Core::Impl::come_to_rest(Run& run, std::string reason) {
  leave_wait(run);
  set_deadline(run, std::nullopt);
  run.row.retry_at = {};
  run.row.reason = std::move(reason);
  move(run, RunState::paused);
  store(run);
  add_event(event_kind::kRunPaused, &run.row, Body{}.text("reason", run.row.reason).done());
}

// A paused run goes back into the queue.
void Core::Impl::go_on(Run& run) {
  run.row.reason.clear();
  move(run, RunState::queued);
  store(run);
  make_ready(run);
}

// Its attempt is to end, and to go on some time.
bool Core::Impl::wants_stop(const Run& run) const {
  const RunState state = run.row.state;
  if (!is_on_worker(state) || state == RunState::cancelling) return false;
  return run.row.pause_requested || outside_window(run) || queue_stops();
}

// Stops what runs on account of the clock or of maintenance.
void Core::Impl::hold_back(Run& run) {
  if (run.row.state == RunState::assigned) {
    withdraw(run);
  } else if (wants_stop(run)) {
    send_stop(run);
  }
}

// The clock or the maintenance that stopped it may be over.
void Core::Impl::let_go_on(Run& run) {
  if (run.row.state != RunState::paused || run.row.pause_requested) return;
  if (!outside_window(run) && !queue_stops()) go_on(run);
}

// After a change of the settings.
void Core::Impl::follow_queue_pause() {
  std::vector<RunId> runs;
  for (const auto& [id, run] : runs_)
    if (queue_stops() ? run.worker != nullptr : run.row.state == RunState::paused)
      runs.push_back(id);
  for (const RunId id : runs)
    queue_stops() ? hold_back(*find(id)) : let_go_on(*find(id));
}

// The attempt has ended because we asked for it: what was copied stays, nothing counts as failed.
void Core::Impl::stopped_on_request(Run& run) {
  emit(SendOwners{Owners{false, {}, {run.row.token()}}});
  release(run, true);
  if (run.row.pause_requested) return come_to_rest(run, run.row.reason);
  if (outside_window(run)) {
    const std::optional<WallTime> until = run.job->limits->edge;
    return come_to_rest(
        run, until ? fmt::format("its window has ended; it goes on at {}", format_rfc3339(*until))
                   : "its window has ended");
  }
  if (queue_stops()) return come_to_rest(run, "stopped for maintenance; it goes on afterwards");
  go_on(run);
}

void Core::Impl::on(const SetPriority& event) {
  Run* run = find(event.run);
  if (run == nullptr || run->row.priority == event.priority) return;
  Body body;
  body.number("priority", event.priority).number("before", run->row.priority);
  add_event(event_kind::kRunPriority, &run->row, body.text("asked_by", event.asked_by).done());
  const WaitKey waited = run->wait;
  if (waited.what != WaitFor::nothing) leave_wait(*run);
  const Duration moved = kAgePerPriority * (event.priority - run->row.priority);
  run->rank.rank -= moved.count();
  run->row.priority = event.priority;
  if (run->row.state != RunState::assigned) store(*run);
  // Whatever it waited for is looked at again.
  if (waited.what != WaitFor::nothing) make_ready(*run);
}

}  // namespace dray::scheduler
