// Which run starts where. A run starts when nothing it belongs to is paused, a window of its job is
// open, no cap is reached (global, client, job, accounts), nothing else writes to its destination,
// there is bandwidth for one more, a worker has a free slot, and it is its turn (fair_queue.h).
//
// What it may use of the bandwidth is settled at the end of the step, with all others
// (core_bandwidth.cc); only then its ASSIGN goes out.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {

uint32_t Core::Impl::free_slots(const Worker& worker) const {
  if (!worker.session || worker.draining || worker.row.drain || worker.paused_until > now_.mono)
    return 0;
  return worker.row.slots > worker.busy ? worker.row.slots - worker.busy : 0;
}

uint32_t Core::Impl::all_free_slots() const {
  uint32_t sum = 0;
  for (const auto& [name, worker] : workers_)
    sum += free_slots(worker);
  return sum;
}

// How many runs may run at once in all, as things are.
uint32_t Core::Impl::places() const {
  uint32_t sum = 0;
  for (const auto& [name, worker] : workers_)
    if (worker.session && !worker.draining && !worker.row.drain) sum += worker.row.slots;
  const uint32_t cap = settings_.global_max_concurrent_jobs;
  return cap == 0 ? sum : std::min(sum, cap);
}

// Is a cap of so many bytes per second enough for one run more?
bool bandwidth_for_one_more(uint64_t cap, uint32_t running) {
  return cap == kNoCap || running == 0 || cap / (running + uint64_t{1}) >= kBandwidthFloor;
}

bool Core::Impl::client_is_full(const Client& client) const {
  const ClientSpec& spec = client.spec;
  return !client.paused.empty() ||
         (spec.max_concurrent_jobs != 0 && client.running >= spec.max_concurrent_jobs) ||
         !bandwidth_for_one_more(client.cap.bytes(), client.running);
}

void Core::Impl::admit() {
  if (settings_.queue_paused || queue_.size() == 0) return;
  const uint32_t cap = settings_.global_max_concurrent_jobs;
  uint32_t slots = all_free_slots();
  if (cap != 0) slots = std::min(slots, cap > running_ ? cap - running_ : 0);
  const uint32_t all_places = places();
  while (slots > 0 && bandwidth_for_one_more(global_cap_.bytes(), running_)) {
    const auto pick = queue_.next(all_places);
    if (!pick) return;
    if (client_is_full(clients_[pick->client])) {
      queue_.set_blocked(pick->client, true);
    } else if (try_start(*find(pick->run))) {
      --slots;
    }
  }
}

// Starts the run, or puts it where it waits.
bool Core::Impl::try_start(Run& run) {
  if (const auto key = blocked_by(run)) {
    wait(run, *key);
    return false;
  }
  Worker* worker = choose_worker(run);
  if (worker == nullptr) {  // the only free one has refused it
    wait(run, WaitKey{WaitFor::refused, 0});
    set_deadline(run, run.refused_until);
    return false;
  }
  offer(run, *worker);
  return true;
}

// What run-level thing is in the way; nullopt: nothing.
std::optional<WaitKey> Core::Impl::blocked_by(const Run& run) const {
  const Job& job = *run.job;
  const WaitKey own{WaitFor::job, job.id.value};
  if (!has_room(own) || outside_window(run)) return own;
  for (const uint32_t account : accounts_of(run)) {
    const WaitKey key{WaitFor::account, account};
    if (!has_room(key)) return key;
  }
  if (const RunId other = locks_.in_the_way(job.destination, job.id))
    return WaitKey{WaitFor::destination, other.value};
  return std::nullopt;
}

// The worker with the largest part of its slots free; of equals the first by name.
Worker* Core::Impl::choose_worker(const Run& run) {
  Worker* best = nullptr;
  uint64_t best_free = 0;
  for (auto& [name, worker] : workers_) {
    const uint64_t free = free_slots(worker);
    if (free == 0 || (&worker == run.refused_by && run.refused_until > now_.mono)) continue;
    if (best != nullptr && free * best->row.slots <= best_free * worker.row.slots) continue;
    best = &worker;
    best_free = free;
  }
  return best;
}

// ── Offers ──────────────────────────────────────────────────────────────────────────────────────

void Core::Impl::offer(Run& run, Worker& worker) {
  leave_wait(run);
  // Every offer has a number of its own, so that a late answer to an older one is recognised.
  run.last_offered = std::max(run.last_offered, run.row.attempt) + 1;
  run.offer = Token{run.row.id, run.last_offered, worker.row.epoch};
  move(run, RunState::assigned);
  occupy(run, worker);
  set_deadline(run, now_.mono + options_.offer_timeout);
  run.share.live = live_bandwidth(run);
  run.share.offered = true;
  offered_.push_back(run.row.id);
}

void Core::Impl::send_assign(Run& run) {
  SendAssign assign;
  assign.session = run.worker->session;
  assign.token = run.offer;
  assign.job = run.job->id;
  assign.kind = run.row.kind;
  assign.task = run.row.task;
  assign.scheduled_at = run.row.scheduled_at;
  assign.dry_run = run.row.dry_run;
  assign.lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  assign.bandwidth_bytes_per_second = run.share.told;
  assign.live_bandwidth = run.share.live;
  assign.offer = scheduler_epoch_;
  emit(std::move(assign));
}

// Takes what the run needs: its place under every cap, its destination, a slot.
void Core::Impl::occupy(Run& run, Worker& worker) {
  Job& job = *run.job;
  Client& client = clients_[run.client];
  run.worker = &worker;
  run.accounts = accounts_of(run);
  run.destination = job.destination;
  ++running_;
  ++job.running;
  ++client.running;
  ++worker.busy;
  shares_moved_ = true;
  worker.runs.insert(run.row.id);
  for (const uint32_t account : run.accounts)
    ++accounts_[account].running;
  locks_.take(run.destination, job.id, run.row.id);
  queue_.started(run.client);
}

// Gives all of it back and wakes who waited for it. `started`: it was more than an offer.
void Core::Impl::release(Run& run, bool started) {
  Job& job = *run.job;
  Client& client = clients_[run.client];
  --running_;
  --job.running;
  --client.running;
  --run.worker->busy;
  forget_share(run);
  run.pause_told = false;
  run.worker->runs.erase(run.row.id);
  for (const uint32_t account : run.accounts)
    --accounts_[account].running;
  locks_.release(run.destination, run.row.id);
  if (started) {
    queue_.ended(run.client);
  } else {
    queue_.taken_back(run.client);
  }
  run.worker = nullptr;
  set_deadline(run, std::nullopt);
  queue_.set_blocked(run.client, client_is_full(client));
  wake_one(WaitKey{WaitFor::job, job.id.value});
  for (const uint32_t account : run.accounts)
    wake_one(WaitKey{WaitFor::account, account});
  wake_all(WaitKey{WaitFor::destination, run.row.id.value});
  wake_one(WaitKey{WaitFor::refused, 0});
}

// The offer did not become an attempt.
void Core::Impl::take_back(Run& run) {
  if (run.worker->session) emit(SendWithdraw{run.worker->session, run.offer});
  release(run, false);
  run.offer = {};
}

// And back into the queue.
void Core::Impl::withdraw(Run& run) {
  take_back(run);
  move(run, RunState::queued);
  make_ready(run);
}

}  // namespace dray::scheduler
