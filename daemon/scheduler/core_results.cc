// How an attempt ended, and what follows: the end of the run or another attempt.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/scheduler/core_impl.h"
#include "schemas/json_fields.h"

namespace dray::scheduler {
namespace {

// Errors that no repetition heals: somebody has to change something first.
constexpr ErrorClass kNeverRetried[] = {
    ErrorClass::auth,       ErrorClass::config,    ErrorClass::usage, ErrorClass::not_found,
    ErrorClass::permission, ErrorClass::integrity, ErrorClass::guard,
};

bool is_never_retried(ErrorClass error_class) {
  return std::find(std::begin(kNeverRetried), std::end(kNeverRetried), error_class) !=
         std::end(kNeverRetried);
}

// We did not stop it, and it did not end by itself: a signal, a worker that was shut down or whose
// lease ran out. That says nothing about the job.
bool was_interrupted(const AttemptResult& result) {
  return result.outcome == Outcome::killed || result.outcome == Outcome::cancelled ||
         result.outcome == Outcome::held;
}

}  // namespace

void Core::Impl::on(const WorkerResult& event) {
  const Token& token = event.result.token;
  const Worker* worker = worker_of(event.session);
  if (worker == nullptr) return;
  if (Run* run = current(token, *worker)) {
    emit(SendResultAck{event.session, token});
    conclude(*run, event.result);
  } else if (ended_tokens_.find(token) != nullptr) {
    emit(SendResultAck{event.session, token});  // a repetition gets the first answer
  } else {
    emit(SendStale{event.session, token});
  }
}

void Core::Impl::conclude(Run& run, const AttemptResult& result) {
  RunRow& row = run.row;
  ended_tokens_.put(result.token, true);
  AttemptRow attempt;
  attempt.token = row.token();
  attempt.worker = row.worker;
  attempt.accepted_at = run.accepted_at;
  attempt.ended_at = not_before(run.accepted_at);
  attempt.end = "result";
  attempt.result = result;
  const AttemptReport report = take_report(row, attempt.result);
  emit(EndAttempt{std::move(attempt)});
  keep_versions(run, result, report);
  row.bytes = result.bytes;
  row.files = result.files;
  row.checks = result.checks;
  row.deletes = result.deletes;
  row.errors = result.errors;
  row.hint = result.hint;
  row.error_class = result.error_class;

  const Outcome outcome = result.outcome;
  if (outcome == Outcome::succeeded || outcome == Outcome::nothing_to_do)
    return finish(run, RunState::succeeded, outcome, result.error_class);
  if (outcome == Outcome::warning)
    return finish(run, RunState::warning, outcome, result.error_class);
  if (row.cancel_requested && was_interrupted(result)) {
    row.reason = row.cancel_reason;
    return finish(run, RunState::cancelled, Outcome::cancelled, ErrorClass::none);
  }
  if (outcome == Outcome::held && !row.cancel_requested) return hold(run, report);
  if (outcome == Outcome::cancelled) return interrupted(run);
  ++row.failed_attempts;
  const Duration wait = backoff(run.job->retry, row.failed_attempts, jitter_);
  row.reason = why_no_retry(run, result, wait);
  if (row.reason.empty() && row.pause_requested) {
    emit(SendOwners{Owners{false, {}, {row.token()}}});
    release(run, true);
    return come_to_rest(run, "paused after a failed attempt");
  }
  if (row.reason.empty()) return retry_later(run, result, wait);
  finish(run, RunState::failed, was_interrupted(result) ? Outcome::killed : Outcome::failed,
         result.error_class);
}

// Stopped to go on later: because we said so, or because its worker was shut down in good order.
// The latter is a lost attempt, not a failed one, but nothing that the run did to its worker.
void Core::Impl::interrupted(Run& run) {
  RunRow& row = run.row;
  if (wants_stop(run) || run.pause_told) return stopped_on_request(run);
  const std::string why = fmt::format("worker {} was shut down", row.worker);
  Body body;
  body.number("attempt", row.attempt).text("worker", row.worker).text("why", why);
  add_event(event_kind::kRunLost, &row, body.done());
  if (row.attempt < limits::kMaxAttempts) return stopped_on_request(run);
  row.reason = fmt::format("no further attempt: {} were made", row.attempt);
  finish(run, RunState::failed, Outcome::killed, ErrorClass::crash);
}

// Empty: another attempt follows after `wait`.
std::string Core::Impl::why_no_retry(const Run& run, const AttemptResult& result,
                                     Duration wait) const {
  const Job& job = *run.job;
  if (run.row.cancel_requested) return "no further attempt: somebody asked for the end";
  if (is_never_retried(result.error_class))
    return fmt::format("no further attempt: {} errors do not heal by themselves",
                       to_string(result.error_class));
  if (!result.retry && !was_interrupted(result))
    return "no further attempt: the error does not heal by itself";
  if (run.row.failed_attempts >= job.retry.max_attempts)
    return fmt::format("no further attempt: {} of {} were made", run.row.failed_attempts,
                       job.retry.max_attempts);
  // A restore that somebody waits for does not give way to the next backup.
  if (is_job_kind(run.row.kind) && job.next_due &&
      now_.wall + std::chrono::duration_cast<microseconds>(wait) >= *job.next_due)
    return fmt::format("no further attempt: the next occurrence is due before it, at {}",
                       format_rfc3339(*job.next_due));
  return "";
}

void Core::Impl::retry_later(Run& run, const AttemptResult& result, Duration wait) {
  RunRow& row = run.row;
  emit(SendOwners{Owners{false, {}, {row.token()}}});
  release(run, true);
  move(run, RunState::retry_wait);
  row.retry_at = now_.wall + std::chrono::duration_cast<microseconds>(wait);
  store(run);
  Body body;
  body.number("attempt", row.attempt).text("class", to_string(result.error_class));
  body.text("hint", row.hint).time("retry_at", row.retry_at);
  add_event(event_kind::kRunRetry, &row, body.done());
  set_deadline(run, now_.mono + wait);
}

}  // namespace dray::scheduler
