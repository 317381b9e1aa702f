// The public face of Core, loading, and time: deadlines and the wall clock.
#include "daemon/scheduler/core.h"

#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {

Duration time_to_wait(const Deadlines& deadlines, Now now, Duration at_most) {
  Duration wait = at_most;
  if (deadlines.mono) wait = std::min(wait, *deadlines.mono - now.mono);
  if (deadlines.wall) {
    // Compared in microseconds: nanoseconds would overflow for dates far away.
    const microseconds left = *deadlines.wall - now.wall;
    if (left < std::chrono::duration_cast<microseconds>(wait)) wait = left;
  }
  return std::max(wait, Duration::zero());
}

Core::Core(CoreOptions options) : impl_(std::make_unique<Impl>(options)) {}
Core::~Core() = default;
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;

std::vector<Action> Core::load(const Snapshot& snapshot, Now now) {
  std::vector<Action> out;
  impl_ = std::make_unique<Impl>(impl_->options());
  impl_->begin(now, out);
  impl_->load(snapshot);
  return out;
}

void Core::step(const Event& event, Now now, std::vector<Action>& out) {
  impl_->begin(now, out);
  impl_->dispatch(event);
  impl_->end();
}

std::vector<Action> Core::step(const Event& event, Now now) {
  std::vector<Action> out;
  step(event, now, out);
  return out;
}

Deadlines Core::next_deadline() const {
  return impl_->next_deadline();
}

std::optional<WhyAnswer> Core::why(RunId run, Now now) const {
  return impl_->why(run, now);
}

CoreStatus Core::status() const {
  return impl_->status();
}

BandwidthView Core::bandwidth() const {
  return impl_->bandwidth();
}

const RunRow* Core::find_run(RunId run) const {
  const Run* found = std::as_const(*impl_).find(run);
  return found == nullptr ? nullptr : &found->row;
}

std::vector<RunId> Core::open_runs(size_t limit, RunId after) const {
  std::vector<RunId> list;
  for (auto it = impl_->runs_.upper_bound(after); it != impl_->runs_.end() && list.size() < limit;
       ++it)
    list.push_back(it->first);
  return list;
}

std::optional<WallTime> Core::next_due(JobId job) const {
  const auto it = impl_->jobs_.find(job);
  return it == impl_->jobs_.end() ? std::nullopt : it->second.next_due;
}

bool Core::is_current(const Token& token) const {
  return impl_->is_current(token);
}

std::optional<SessionId> Core::session_of(std::string_view worker) const {
  const auto it = impl_->workers_.find(worker);
  if (it == impl_->workers_.end() || !it->second.session) return std::nullopt;
  return it->second.session;
}

// ── A step ──────────────────────────────────────────────────────────────────────────────────────

void Core::Impl::begin(Now now, std::vector<Action>& out) {
  now_ = now;
  out_ = &out;
}

void Core::Impl::dispatch(const Event& event) {
  watch_clock();
  std::visit([this](const auto& e) { on(e); }, event);
  fire_deadlines();
  fire_edges();
  fire_occurrences();
  admit();
  rebalance();
}

void Core::Impl::end() {
  // The tops say when the next tick is due, so they must be true.
  while (!due_.empty()) {
    const auto& [when, id] = due_.top();
    const auto it = jobs_.find(JobId{id});
    if (it != jobs_.end() && it->second.next_due == when) break;
    due_.pop();
  }
  while (!edges_.empty() && edge_of(edges_.top().second) != edges_.top().first)
    edges_.pop();
  while (!deadlines_.empty()) {
    const auto& [when, id] = deadlines_.top();
    const Run* run = find(RunId{id});
    if (run != nullptr && run->in_heap == when && run->deadline) break;
    if (Run* known = find(RunId{id}); known != nullptr && known->in_heap == when)
      known->in_heap.reset();
    deadlines_.pop();
  }
  out_ = nullptr;
}

const Run* Core::Impl::find(RunId run) const {
  const auto it = runs_.find(run);
  return it == runs_.end() ? nullptr : &it->second;
}

Run* Core::Impl::find(RunId run) {
  const auto it = runs_.find(run);
  return it == runs_.end() ? nullptr : &it->second;
}

bool Core::Impl::is_current(const Token& token) const {
  const Run* run = find(token.run);
  return run != nullptr && is_on_worker(run->row.state) && run->row.token() == token;
}

// ── Loading ─────────────────────────────────────────────────────────────────────────────────────

void Core::Impl::load(const Snapshot& snapshot) {
  settings_ = snapshot.settings;
  set_global_cap();
  scheduler_epoch_ = snapshot.scheduler_epoch;
  last_share_ = scheduler_epoch_ << kShareBits;
  last_run_id_ = snapshot.last_run_id;
  last_event_ = snapshot.last_event_sequence;
  last_manual_at_ = snapshot.last_manual_at;
  clock_offset_ = now_.wall.time_since_epoch() - now_.mono.time_since_epoch();
  for (const ClientRow& row : snapshot.clients) {
    const uint32_t index = client_index(row.spec.name);
    clients_[index].spec = row.spec;
    queue_.set_weight(index, row.spec.weight);
    set_client_cap(index, row);
  }
  for (const AccountPlan& plan : snapshot.accounts)
    accounts_[account_index(plan.client, plan.name)].max_concurrent = plan.max_concurrent;
  jobs_.reserve(snapshot.jobs.size());
  job_names_.reserve(snapshot.jobs.size());
  std::vector<std::pair<WallTime, uint64_t>> due;
  due.reserve(snapshot.jobs.size());
  for (const JobPlan& plan : snapshot.jobs) {
    Job& job = put_job(plan);
    job.high_water = std::max(plan.high_water, plan.created_at);
    schedule_next(job);
    if (job.next_due) due.emplace_back(*job.next_due, job.id.value);
  }
  due_.assign(std::move(due));
  for (const WorkerRow& row : snapshot.workers)
    workers_[row.name].row = row;
  load_keys(snapshot.keyed_runs);
  for (const RunRow& row : snapshot.open_runs)
    load_run(row);
  for (uint32_t client = 0; client < clients_.size(); ++client)
    queue_.set_blocked(client, client_is_full(clients_[client]));
}

void Core::Impl::load_run(const RunRow& row) {
  auto job = jobs_.find(row.job);
  if (job == jobs_.end()) {  // removed while the run was on a worker
    JobPlan gone;
    gone.id = row.job;
    gone.name = row.job_name;
    gone.client = row.client;
    gone.enabled = false;
    put_job(gone).removed = true;
    job = jobs_.find(row.job);
  }
  Run& run = add_run(row, job->second);
  const RunState state = run.row.state;
  if (state == RunState::queued) {
    make_ready(run);
  } else if (state == RunState::retry_wait) {
    const Duration longest =
        seconds{job->second.retry.backoff_max_seconds} / 100 * (100 + kBackoffJitterPercent);
    const Duration left = row.retry_at - now_.wall;
    set_deadline(run, now_.mono + std::clamp(left, Duration::zero(), longest));
  } else if (is_on_worker(state)) {
    Worker& worker = workers_[row.worker];
    worker.row.name = row.worker;
    run.last_offered = row.attempt;
    occupy(run, worker);
    run.share.told = run.share.most = row.bandwidth_bytes_per_second;
    run.share.sequence = ++last_share_;  // unknown to the worker: told again
    if (run.share.told != 0) ++shares_;
    extend_lease(run);
  } else {
    let_go_on(run);
  }
}

void Core::Impl::load_keys(const std::vector<KeyedRun>& keys) {
  for (const KeyedRun& key : keys) {
    const Duration age = std::max<Duration>(now_.wall - key.queued_at, Duration::zero());
    if (age < kIdempotencyWindow) remember_key(key, now_.mono + (kIdempotencyWindow - age));
  }
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

Deadlines Core::Impl::next_deadline() const {
  Deadlines next;
  if (!deadlines_.empty()) next.mono = deadlines_.top().first;
  if (!due_.empty()) next.wall = due_.top().first;
  if (!edges_.empty() && (!next.wall || edges_.top().first < *next.wall))
    next.wall = edges_.top().first;
  if (queue_.size() == 0) return next;
  for (const auto& [name, worker] : workers_) {
    if (!worker.session || worker.paused_until <= now_.mono) continue;
    if (!next.mono || worker.paused_until < *next.mono) next.mono = worker.paused_until;
  }
  return next;
}

void Core::Impl::watch_clock() {
  const Duration offset = now_.wall.time_since_epoch() - now_.mono.time_since_epoch();
  const Duration jump = clock_offset_ ? offset - *clock_offset_ : Duration::zero();
  clock_offset_ = offset;
  if (jump < kClockJump && jump > -kClockJump) return;
  const int64_t by = std::chrono::duration_cast<seconds>(jump).count();
  add_event(event_kind::kClockJumped, nullptr, Body{}.number("seconds", by).done());
  refresh_all_caps();
}

void Core::Impl::set_deadline(Run& run, std::optional<Instant> when) {
  run.deadline = when;
  if (!when || (run.in_heap && *run.in_heap <= *when)) return;
  run.in_heap = when;
  deadlines_.push(*when, run.row.id.value);
}

void Core::Impl::fire_deadlines() {
  while (!deadlines_.empty() && deadlines_.top().first <= now_.mono) {
    const auto [when, id] = deadlines_.top();
    deadlines_.pop();
    Run* run = find(RunId{id});
    if (run == nullptr || run->in_heap != when) continue;  // replaced by an earlier entry
    run->in_heap.reset();
    if (!run->deadline) continue;
    if (*run->deadline > now_.mono) {
      set_deadline(*run, run->deadline);  // was moved, as leases are
    } else {
      run->deadline.reset();
      on_deadline(*run);
    }
  }
}

void Core::Impl::on_deadline(Run& run) {
  switch (run.row.state) {
    case RunState::assigned:
      run.refused_why = "it did not answer the offer";
      run.refused_by = run.worker;
      run.refused_until = now_.mono + kRefusedPauseForRun;
      run.worker->paused_until = now_.mono + options_.offer_timeout;
      withdraw(run);
      return;
    case RunState::queued:
      make_ready(run);
      return;
    case RunState::retry_wait:
      move(run, RunState::queued);
      store(run, true);
      make_ready(run);
      return;
    default:
      lose(run, false, "its lease ended without a word from the worker");
  }
}

}  // namespace dray::scheduler
