#include "tests/simulator/observer.h"

#include "schemas/job_check.h"

namespace dray::sim {

void Tally::add(const Tally& other) {
  steps += other.steps;
  frames += other.frames;
  commits += other.commits;
  runs += other.runs;
  attempts += other.attempts;
  finished += other.finished;
  faults += other.faults;
  stale += other.stale;
  lost += other.lost;
  virtual_time += other.virtual_time;
}

void Observer::job(JobId id, const JobSpec& spec, WallTime created_at) {
  const bool known = jobs_.contains(id);
  JobTruth& job = jobs_[id];
  job.spec = spec;
  if (known) {
    job.edited = true;
  } else {
    job.created_at = created_at;
  }
}

// ── Committed rows ──────────────────────────────────────────────────────────────────────────────

void Observer::committed(const scheduler::Action& action) {
  std::visit([this](const auto& a) { on(a); }, action);
}

void Observer::on(const scheduler::InsertRun& a) {
  const RunRow& row = a.run;
  ++tally.runs;
  if (!runs_.emplace(row.id, row).second) violate("unique occurrence", "run {} twice", row.id);
  if (!is_terminal(row.state)) ++open_;
  if (row.trigger != Trigger::schedule) return;
  JobTruth& job = jobs_[row.job];
  if (!job.rows.insert(row.scheduled_at).second)
    violate("unique occurrence", "job {} at {} twice", row.job_name,
            format_rfc3339(row.scheduled_at));
  if (row.reason.find("stands for") != std::string::npos) job.summarised = true;
  const bool settled_without_run = row.state == RunState::skipped || row.state == RunState::missed;
  if (settled_without_run && row.reason.empty())
    violate("a reason for each", "run {} is {} without one", row.id, to_string(row.state));
}

void Observer::on(const scheduler::UpdateRun& a) {
  const auto it = runs_.find(a.run.id);
  if (it == runs_.end()) return violate("acknowledged is durable", "run {} unknown", a.run.id);
  RunRow& row = it->second;
  if (row.state != a.run.state && !can_move(row.state, a.run.state))
    violate("one outcome", "run {} went from {} to {}", row.id, to_string(row.state),
            to_string(a.run.state));
  if (is_terminal(row.state) && row.state == a.run.state)
    violate("one outcome", "run {} changed after it had ended", row.id);
  if (a.run.attempt < row.attempt)
    violate("legal moves", "run {} went back to attempt {}", row.id, a.run.attempt);
  if (row.cancel_requested && !a.run.cancel_requested)
    violate("cancel is durable", "run {} forgot its cancel", row.id);
  const bool ends = !is_terminal(row.state) && is_terminal(a.run.state);
  row = a.run;
  if (!ends) return;
  --open_;
  ++tally.finished;
  check_no_process(row);
}

void Observer::check_no_process(const RunRow& row) {
  const auto live = live_.find(row.id);
  if (live != live_.end())
    violate(row.state == RunState::cancelled ? "cancelled means gone" : "one outcome",
            "run {} is {} while {} runs on {}", row.id, to_string(row.state), live->second.token,
            live->second.worker);
}

void Observer::on(const scheduler::InsertAttempt& a) {
  ++tally.attempts;
  const Token& token = a.attempt.token;
  if (!attempts_.emplace(token, a.attempt).second) violate("fencing", "attempt {} twice", token);
  const auto [open, fresh] = open_attempt_.emplace(token.run, token);
  if (!fresh) violate("one open attempt", "{} beside {}", token, open->second);
}

void Observer::on(const scheduler::EndAttempt& a) {
  const Token& token = a.attempt.token;
  const auto it = attempts_.find(token);
  if (it == attempts_.end()) return violate("fencing", "attempt {} ended, never began", token);
  if (!it->second.end.empty()) violate("one outcome", "attempt {} ended twice", token);
  it->second = a.attempt;
  open_attempt_.erase(token.run);
  if (a.attempt.end == "lost") ++tally.lost;
}

void Observer::on(const scheduler::AddEvent& a) {
  if (a.event.sequence != last_event_ + 1)
    violate("gap-free events", "{} follows {}", a.event.sequence, last_event_);
  last_event_ = a.event.sequence;
  // A result that the worker's disk held cannot be lost by a restart of the worker.
  if (a.event.kind != "run.lost" || a.event.body.find("restarted") == std::string::npos) return;
  const Token token = runs_[a.event.run].token();
  if (results_sent_.contains(token))
    violate("what was sent survives", "the result of {} was sent, and lost with its worker", token);
}

void Observer::on(const scheduler::UpdateJobDue& a) {
  JobTruth& job = jobs_[a.job];
  if (a.high_water < job.high_water)
    violate("high-water mark", "job {} went back to {}", a.job, format_rfc3339(a.high_water));
  job.high_water = a.high_water;
}

// ── What was said ───────────────────────────────────────────────────────────────────────────────

void Observer::enqueue_acked(RunId run, const std::string& key) {
  if (!runs_.contains(run))
    return violate("acknowledged is durable", "run {} was acknowledged and is not stored", run);
  if (key.empty()) return;
  const auto [known, fresh] = keys_.emplace(key, run);
  if (!fresh && known->second != run)
    violate("one answer per key", "key {} was answered with runs {} and {}", key, known->second,
            run);
}

void Observer::cancel_acked(RunId run) {
  const auto it = runs_.find(run);
  if (it == runs_.end() || !it->second.cancel_requested)
    return violate("cancel is durable", "the cancel of run {} is not stored", run);
  cancels_.insert(run);
}

void Observer::result_acked(const Token& token) {
  const auto it = attempts_.find(token);
  if (it == attempts_.end() || it->second.end != "result")
    violate("acknowledged is durable", "the result of {} was acknowledged and is not stored",
            token);
}

// ── Processes ───────────────────────────────────────────────────────────────────────────────────

void Observer::process_started(const Token& token, const std::string& worker, int slots) {
  const auto row = runs_.find(token.run);
  const JobId job_id = row == runs_.end() ? JobId{} : row->second.job;
  if (!attempts_.contains(token))
    violate("accepted before started", "{} started, its ACCEPT is not stored", token);
  if (const auto other = live_.find(token.run); other != live_.end())
    violate("one process per run", "{} on {} beside {} on {}", token, worker, other->second.token,
            other->second.worker);
  int on_worker = 1;
  for (const auto& [run, process] : live_) {
    on_worker += process.worker == worker ? 1 : 0;
    if (process.job == job_id) continue;
    if (jobs_[job_id].edited || jobs_[process.job].edited) continue;
    const JobSpec& a = jobs_[job_id].spec;
    const JobSpec& b = jobs_[process.job].spec;
    if (a.client == b.client && paths_overlap(a.destination, b.destination))
      violate("one writer per destination", "{} and {} write to {}:{} and {}:{}", token,
              process.token, a.destination.remote, a.destination.path, b.destination.remote,
              b.destination.path);
  }
  if (on_worker > slots) violate("caps hold", "{} processes on {}", on_worker, worker);
  live_[token.run] = Process{token, worker, job_id};
  if (global_cap_ != 0 && live_.size() > global_cap_)
    violate("caps hold", "{} processes, global cap {}", live_.size(), global_cap_);
}

void Observer::process_ended(const Token& token) {
  const auto it = live_.find(token.run);
  if (it != live_.end() && it->second.token == token) live_.erase(it);
}

void Observer::stopped_for_lease(const Token& token, bool gentle) {
  if (gentle)
    violate("transfers survive restarts", "{} was stopped though drayd was away for moments",
            token);
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────

void Observer::settled() {
  for (const auto& [id, row] : runs_)
    if (!is_terminal(row.state))
      violate("everything ends", "run {} is {}", id, to_string(row.state));
  for (const auto& [run, process] : live_)
    violate("everything ends", "{} still runs", process.token);
  for (const RunId run : cancels_)
    if (!runs_[run].cancel_requested) violate("cancel is durable", "run {} forgot its cancel", run);
  check_occurrences();
}

// Every occurrence up to the high-water mark has its row, and no row is without an occurrence.
void Observer::check_occurrences() {
  for (const auto& [id, job] : jobs_) {
    if (job.edited || job.summarised || job.spec.schedule.kind == ScheduleKind::manual) continue;
    const auto schedule = CompiledSchedule::compile(job.spec.schedule, job.created_at);
    if (!schedule) continue;
    std::set<WallTime> expected;
    for (auto t = schedule->next_after(job.created_at); t && *t <= job.high_water;
         t = schedule->next_after(*t))
      expected.insert(*t);
    if (expected != job.rows)
      violate("no occurrence is lost", "job {}: {} occurrences, {} rows", job.spec.name,
              expected.size(), job.rows.size());
  }
}

}  // namespace dray::sim
