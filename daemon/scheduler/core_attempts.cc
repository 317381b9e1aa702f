// Attempts on workers: accepted, kept by leases, lost. Every message about an attempt is checked
// against its token and the worker it was given to; what does not match is answered STALE.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

// In the order in which an attempt passes them. A worker's word never moves a run back.
bool is_ahead(RunState from, RunState to) {
  return is_on_worker(to) && to != RunState::cancelling && from != RunState::cancelling &&
         from < to && can_move(from, to);
}

}  // namespace

Run* Core::Impl::current(const Token& token, const Worker& worker) {
  return is_current(token) && find(token.run)->worker == &worker ? find(token.run) : nullptr;
}

OwnerRow Core::Impl::owner_row(const Run& run) const {
  return OwnerRow{run.row.token(), run.row.worker, run.row.client, run.row.job_name};
}

// ── Offers answered ─────────────────────────────────────────────────────────────────────────────

void Core::Impl::on(const WorkerAccept& event) {
  const Worker* worker = worker_of(event.session);
  if (worker == nullptr) return;  // it says HELLO first
  Run* run = find(event.token.run);
  if (run != nullptr && run->row.state == RunState::assigned && run->offer == event.token &&
      run->worker == worker) {
    // Of an offer from before a restart: it said another share. The one of now is on its way.
    if (event.offer != 0 && event.offer != scheduler_epoch_) return;
    accept(*run);
  } else if (Run* mine = current(event.token, *worker); mine == nullptr) {
    emit(SendStale{event.session, event.token});
  } else if (mine->row.cancel_requested || wants_stop(*mine)) {
    send_stop(*mine);
  } else {
    emit(SendStart{event.session, event.token});  // the first one was lost
  }
}

void Core::Impl::accept(Run& run) {
  RunRow& row = run.row;
  row.attempt = run.offer.attempt;
  row.worker = run.worker->row.name;
  row.worker_epoch = run.offer.worker_epoch;
  row.lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  row.bandwidth_bytes_per_second = run.share.most;
  row.retry_at = {};
  run.accepted_at = not_before(row.queued_at);
  if (row.started_at == WallTime{}) row.started_at = run.accepted_at;
  move(run, RunState::starting);
  extend_lease(run);
  AttemptRow attempt;
  attempt.token = row.token();
  attempt.worker = row.worker;
  attempt.accepted_at = run.accepted_at;
  emit(InsertAttempt{std::move(attempt)});
  store(run);
  add_event(event_kind::kRunStarted, &row,
            Body{}.number("attempt", row.attempt).text("worker", row.worker).done());
  emit(SendStart{run.worker->session, run.offer});
  emit(SendOwners{Owners{false, {owner_row(run)}, {}}});
}

void Core::Impl::on(const WorkerReject& event) {
  Worker* worker = worker_of(event.session);
  if (worker == nullptr) return;
  Run* run = find(event.token.run);
  if (run == nullptr || run->row.state != RunState::assigned || run->offer != event.token ||
      run->worker != worker) {
    emit(SendStale{event.session, event.token});
    return;
  }
  run->refused_by = worker;
  run->refused_until = now_.mono + kRefusedPauseForRun;
  run->refused_why = event.why;
  worker->paused_until = now_.mono + kRefusedPause;
  release(*run, false);
  move(*run, RunState::queued);
  make_ready(*run);
}

void Core::Impl::on(const AssignFailed& event) {
  Run* run = find(event.token.run);
  if (run == nullptr || run->row.state != RunState::assigned || run->offer != event.token) return;
  release(*run, false);
  run->row.reason = event.why;
  run->row.hint = event.why;
  finish(*run, RunState::failed, Outcome::failed, ErrorClass::config);
}

// ── Leases ──────────────────────────────────────────────────────────────────────────────────────

Duration Core::Impl::reassign_after(const Run& run) const {
  const Duration granted = std::max<Duration>(options_.lease, milliseconds{run.row.lease_ms});
  return granted / 100 * limits::kLeaseReassignPercent;
}

void Core::Impl::extend_lease(Run& run) {
  set_deadline(run, now_.mono + reassign_after(run));
}

// A worker says that it holds this. True: it is its current attempt, and goes on.
bool Core::Impl::adopt(Worker& worker, const HeldAttempt& held, std::vector<Token>& stale) {
  Run* run = current(held.token, worker);
  if (run == nullptr) {
    // Its ACCEPT or RESULT may be under way, and gets its own answer.
    const Run* offered = find(held.token.run);
    const bool open_offer = offered != nullptr && offered->row.state == RunState::assigned &&
                            offered->offer == held.token && offered->worker == &worker;
    if (!open_offer && ended_tokens_.find(held.token) == nullptr) stale.push_back(held.token);
    return false;
  }
  const uint64_t lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  if (run->row.lease_ms < lease_ms) {  // longer than what it had: durable before it is said
    run->row.lease_ms = lease_ms;
    store(*run);
  }
  extend_lease(*run);
  take_usage(*run, held);
  take_progress(*run, held);
  return true;
}

void Core::Impl::take_progress(Run& run, const HeldAttempt& held) {
  const bool moved = is_ahead(run.row.state, held.state);
  if (moved) {
    move(run, held.state);
    store(run, true);
  }
  const bool stored = run.progress_at != Instant{};
  if (!moved && stored && now_.mono - run.progress_at < kProgressStore) return;
  if (held.progress.phase == Phase::queued) return;  // nothing to show
  run.progress_at = now_.mono;
  emit(StoreProgress{run.row.token(), run.row.state, held.progress, now_.wall});
}

void Core::Impl::on(const WorkerRenew& event) {
  Worker* worker = worker_of(event.session);
  if (worker == nullptr || event.renew.epoch != worker->row.epoch) return;
  worker->row.last_seen = now_.wall;
  worker->draining = event.renew.draining;
  Renewed renewed;
  renewed.round = event.renew.round;
  renewed.lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  for (const HeldAttempt& held : event.renew.held) {
    if (!adopt(*worker, held, renewed.stale)) continue;
    renewed.renewed.push_back(held.token);
    Run& run = *find(held.token.run);
    if (run.row.cancel_requested) renewed.cancel.push_back(held.token);
    if (wants_stop(run)) send_stop(run);
  }
  emit(SendRenewed{event.session, std::move(renewed)});
}

// The attempt is gone without a result. Every kind of job can be run again, so the next attempt
// follows at once, unless somebody asked for the end or the run takes its workers with it.
void Core::Impl::lose(Run& run, bool worker_died, std::string_view why) {
  RunRow& row = run.row;
  AttemptRow attempt;
  attempt.token = row.token();
  attempt.worker = row.worker;
  attempt.accepted_at = run.accepted_at;
  attempt.ended_at = not_before(run.accepted_at);
  attempt.end = "lost";
  emit(EndAttempt{std::move(attempt)});
  Body body;
  body.number("attempt", row.attempt).text("worker", row.worker).text("why", why);
  add_event(event_kind::kRunLost, &row, body.done());
  if (worker_died) ++row.lost_attempts;
  if (row.cancel_requested) {
    row.reason = fmt::format("{}; the worker did not confirm the end itself: {}",
                             row.cancel_reason.empty() ? "cancelled" : row.cancel_reason, why);
    finish(run, RunState::cancelled, Outcome::cancelled, ErrorClass::none);
  } else if (row.lost_attempts >= kMaxWorkerDeaths || row.attempt >= limits::kMaxAttempts) {
    row.reason = why;
    row.hint = fmt::format(
        "The worker went down in {} attempts of this run: look at its memory and"
        " its log before you start it again.",
        row.lost_attempts);
    finish(run, RunState::failed, Outcome::killed, ErrorClass::crash);
  } else {
    stopped_on_request(run);
  }
}

}  // namespace dray::scheduler
