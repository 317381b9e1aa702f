// The life of a run: made, moved, stored, finished; and what the journal says about it.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

size_t slot_of(RunState state) {
  return static_cast<size_t>(state);
}

}  // namespace

void Body::key(std::string_view name) {
  text_ += text_.empty() ? "{\"" : ",\"";
  text_.append(name).append("\":");
}
Body& Body::text(std::string_view name, std::string_view value) {
  key(name);
  text_ += json_quote(value);
  return *this;
}
Body& Body::number(std::string_view name, int64_t value) {
  key(name);
  text_ += std::to_string(value);
  return *this;
}
Body& Body::flag(std::string_view name, bool value) {
  key(name);
  text_ += value ? "true" : "false";
  return *this;
}
Body& Body::time(std::string_view name, WallTime value) {
  return text(name, format_rfc3339(value));
}

void Core::Impl::add_event(std::string_view kind, const RunRow* run, std::string body) {
  AddEvent event;
  event.event.sequence = ++last_event_;
  event.event.at = now_.wall;
  event.event.kind = kind;
  if (run != nullptr) {
    event.event.client = run->client;
    event.event.job = run->job_name;
    event.event.run = run->id;
  }
  event.event.body = std::move(body);
  emit(std::move(event));
}

void Core::Impl::add_job_event(std::string_view kind, const Job& job, std::string body) {
  AddEvent event;
  event.event.sequence = ++last_event_;
  event.event.at = now_.wall;
  event.event.kind = kind;
  event.event.client = clients_[job.client].name;
  event.event.job = job.name;
  event.event.body = std::move(body);
  emit(std::move(event));
}

// The times of one run never go back, whatever the wall clock does.
WallTime Core::Impl::not_before(WallTime earlier) const {
  return std::max(now_.wall, earlier);
}

RunRow Core::Impl::new_row(const Job& job, Trigger trigger, WallTime scheduled_at) {
  RunRow row;
  row.id = RunId{++last_run_id_};
  row.job = job.id;
  row.job_name = job.name;
  row.client = clients_[job.client].name;
  row.kind = job.kind;
  row.trigger = trigger;
  row.scheduled_at = scheduled_at;
  row.queued_at = now_.wall;
  row.priority = job.priority;
  return row;
}

Run& Core::Impl::add_run(RunRow row, Job& job) {
  const RunId id = row.id;
  Run& run = runs_[id];
  run.row = std::move(row);
  run.job = &job;
  run.client = client_index(run.row.client);
  run.last_offered = run.row.attempt;
  // A wall clock that was set meanwhile must not turn the queue around.
  constexpr Duration kOldest = hours{24 * 365};
  const Duration age =
      std::clamp<Duration>(std::chrono::duration_cast<seconds>(now_.wall - run.row.queued_at),
                           Duration::zero(), kOldest);
  run.rank = rank_of(id, now_.mono - age, run.row.priority);
  find_further_account(run);
  job.open.push_back(id);
  ++counts_[slot_of(run.row.state)];
  return run;
}

void Core::Impl::move(Run& run, RunState to) {
  DRAY_CHECK(can_move(run.row.state, to),
             fmt::format("run {}: {} to {}", run.row.id, to_string(run.row.state), to_string(to)));
  --counts_[slot_of(run.row.state)];
  ++counts_[slot_of(to)];
  run.row.state = to;
}

void Core::Impl::store(const Run& run, bool soft) {
  DRAY_CHECK(run.row.state != RunState::assigned, "an offer is never stored");
  emit(UpdateRun{run.row, soft});
}

void Core::Impl::finish(Run& run, RunState state, Outcome outcome, ErrorClass error_class) {
  leave_wait(run);
  if (run.worker != nullptr) {
    if (is_on_worker(run.row.state)) emit(SendOwners{Owners{false, {}, {run.row.token()}}});
    release(run, true);
  }
  move(run, state);
  RunRow& row = run.row;
  row.outcome = outcome;
  row.error_class = error_class;
  row.ended_at = not_before(std::max(row.queued_at, row.started_at));
  row.retry_at = {};
  store(run);
  Body body;
  body.text("state", to_string(state)).text("outcome", to_string(outcome));
  body.text("class", to_string(error_class)).text("hint", row.hint).number("attempt", row.attempt);
  add_event(event_kind::kRunFinished, &row, body.done());
  ended_runs_.put(row.id, state);
  --counts_[slot_of(state)];
  Job& job = *run.job;
  std::erase(job.open, row.id);
  const RunId id = row.id;
  runs_.erase(id);
  if (job.removed && job.open.empty()) forget_job(job);
}

}  // namespace dray::scheduler
