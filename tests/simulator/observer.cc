#include "tests/simulator/observer.h"

#include "daemon/scheduler/bandwidth_shares.h"
#include "schemas/job_check.h"

namespace dray::sim {
namespace {

// In Europe/Berlin, where the simulated jobs live.
constexpr WallTime kClocksGoForward =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 29} + hours{1};

}  // namespace

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
  marks.add(other.marks);
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
  if (row.reason.find("stands for") != std::string::npos) {
    job.summarised = true;
    tally.marks.reach(row.reason.find("more than") == std::string::npos ? Mark::missed_summary
                                                                        : Mark::uncounted_summary);
  }
  if (row.state == RunState::missed) tally.marks.reach(Mark::missed);
  if (row.state == RunState::skipped) tally.marks.reach(Mark::skipped);
  if (row.state == RunState::queued && row.scheduled_at >= kClocksGoForward)
    tally.marks.reach(Mark::daylight_saving);
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
  // Who approves a held run wants it to go on: that ends a pause as well.
  if (row.pause_requested && !a.run.pause_requested && a.run.state != RunState::held &&
      !resumed_.contains(row.id))
    violate("pause is durable", "run {} forgot its pause", row.id);
  if (a.run.state == RunState::paused) check_no_process(a.run);
  mark_states(row.state, a.run);
  const bool ends = !is_terminal(row.state) && is_terminal(a.run.state);
  row = a.run;
  if (row.state == RunState::held) check_no_process(row);
  if (!ends) return;
  --open_;
  ++tally.finished;
  check_no_process(row);
}

void Observer::mark_states(RunState before, const RunRow& after) {
  if (after.state == before) return;
  if (after.state == RunState::retry_wait) tally.marks.reach(Mark::retried);
  if (after.state != RunState::cancelled && after.state != RunState::cancelling) return;
  if (before == RunState::queued) tally.marks.reach(Mark::cancelled_queued);
  if (before == RunState::retry_wait) tally.marks.reach(Mark::cancelled_waiting);
  if (before == RunState::assigned || before == RunState::starting)
    tally.marks.reach(Mark::cancelled_starting);
  if (before == RunState::running) tally.marks.reach(Mark::cancelled_running);
}

void Observer::check_no_process(const RunRow& row) {
  for (const auto& [token, process] : live_)
    if (token.run == row.id && !process.suspended)
      violate(row.state == RunState::cancelled ? "cancelled means gone"
              : row.state == RunState::held    ? "held runs hold nothing"
              : row.state == RunState::paused  ? "paused means stopped"
                                               : "one outcome",
              "run {} is {} while {} runs on {}", row.id, to_string(row.state), token,
              process.worker);
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
  if (a.attempt.end != "lost") return;
  ++tally.lost;
  tally.marks.reach(Mark::lost);
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
  const JobId job = row == runs_.end() ? JobId{} : row->second.job;
  if (!attempts_.contains(token))
    violate("accepted before started", "{} started, its ACCEPT is not stored", token);
  Process& process = live_[token];
  process = Process{token, worker, job, 0, slots, false};
  check_alone(process, slots);
}

void Observer::check_alone(const Process& process, int slots) {
  int on_worker = 0;
  uint32_t running = 0;
  for (const auto& [token, other] : live_) {
    if (other.suspended) continue;
    ++running;
    on_worker += other.worker == process.worker ? 1 : 0;
    if (token == process.token) continue;
    if (token.run == process.token.run)
      violate("one process per run", "{} on {} beside {} on {}", process.token, process.worker,
              token, other.worker);
    if (other.job == process.job || jobs_[process.job].edited || jobs_[other.job].edited) continue;
    const JobSpec& a = jobs_[process.job].spec;
    const JobSpec& b = jobs_[other.job].spec;
    if (a.client == b.client && paths_overlap(a.destination, b.destination))
      violate("one writer per destination", "{} and {} write to {}:{} and {}:{}", process.token,
              token, a.destination.remote, a.destination.path, b.destination.remote,
              b.destination.path);
  }
  if (on_worker > slots) violate("caps hold", "{} processes on {}", on_worker, process.worker);
  if (global_cap_ != 0 && running > global_cap_)
    violate("caps hold", "{} processes, global cap {}", running, global_cap_);
}

// At every moment, whatever is lost, late or killed. Until others have confirmed, a new run may
// have the least that a run begins with on top.
void Observer::process_share(const Token& token, uint64_t bytes_per_second) {
  const auto it = live_.find(token);
  if (bandwidth_cap_ == 0 || it == live_.end()) return;
  it->second.share = bytes_per_second;
  if (bytes_per_second == 0)
    return violate("bandwidth caps hold", "{} may use all there is", token);
  uint64_t sum = 0;
  uint64_t running = 0;
  for (const auto& [other, process] : live_) {
    if (process.suspended) continue;
    sum += process.share;
    ++running;
  }
  if (sum > bandwidth_cap_ + running * scheduler::kBandwidthFloor)
    violate("bandwidth caps hold", "{} processes may use {} of {} bytes per second", running, sum,
            bandwidth_cap_);
}

void Observer::process_ended(const Token& token) {
  live_.erase(token);
}

void Observer::suspended(const std::string& worker, bool on) {
  for (auto& [token, process] : live_)
    if (process.worker == worker) process.suspended = on;
  if (on) return;
  for (const auto& [token, process] : live_) {
    if (process.worker != worker) continue;
    check_alone(process, process.slots);
    if (const auto row = runs_.find(token.run);
        row != runs_.end() && is_terminal(row->second.state))
      check_no_process(row->second);
  }
}

void Observer::commit_lost(uint64_t stored, uint64_t committed) {
  violate("acknowledged is durable", "the database holds commit {}, {} was the last to succeed",
          stored, committed);
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
  for (const auto& [token, process] : live_)
    violate("everything ends", "{} still runs", token);
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
