// What the core tells of itself: why a run waits, and its state in figures.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

void add(WhyAnswer& answer, WhyCode code, std::string text, RunId run = {}) {
  answer.reasons.push_back(WhyReason{code, std::move(text), run});
}

}  // namespace

std::optional<WhyAnswer> Core::Impl::why(RunId id, Now now) const {
  const Run* run = find(id);
  if (run == nullptr) return std::nullopt;
  WhyAnswer answer{id, run->row.state, {}};
  const RunRow& row = run->row;
  switch (row.state) {
    case RunState::held:
      add(answer, WhyCode::approval, "it waits for approval: " + row.reason);
      break;
    case RunState::paused:
      if (row.pause_requested || !outside_window(*run)) {
        add(answer, WhyCode::paused,
            (row.reason.empty() ? "it was paused" : "it was " + row.reason) +
                (row.pause_requested ? "; it waits to be resumed" : ""));
      } else {
        why_held_back(*run, answer);
      }
      break;
    case RunState::assigned:
      add(answer, WhyCode::offered,
          fmt::format("it was offered to worker {}, which has not answered yet",
                      quoted(run->worker->row.name)));
      break;
    case RunState::retry_wait:
      add(answer, WhyCode::retry,
          fmt::format("attempt {} failed ({}); the next one follows in {}", row.attempt,
                      to_string(row.error_class),
                      human_duration(std::max(run->deadline.value_or(now.mono) - now.mono,
                                              Duration::zero()))));
      why_waiting(*run, answer, now);
      break;
    case RunState::queued:
      why_waiting(*run, answer, now);
      break;
    default:
      if (row.state == RunState::cancelling)
        add(answer, WhyCode::cancelling,
            fmt::format("its end was asked for by {}; worker {} has not confirmed it yet",
                        quoted(row.cancel_by), quoted(row.worker)));
      else
        add(answer, WhyCode::on_worker, fmt::format("it runs on worker {}", quoted(row.worker)));
      if (wants_stop(*run))
        add(answer, WhyCode::paused,
            "it is being stopped, to go on later: " + (row.pause_requested ? row.reason
                                                       : outside_window(*run)
                                                           ? std::string("its window has ended")
                                                           : std::string("maintenance")));
      if (!run->worker->session)
        add(answer, WhyCode::worker_away,
            fmt::format("worker {} is not connected; its lease ends in {}", quoted(row.worker),
                        human_duration(std::max(run->deadline.value_or(now.mono) - now.mono,
                                                Duration::zero()))));
  }
  return answer;
}

void Core::Impl::why_waiting(const Run& run, WhyAnswer& answer, Now now) const {
  const Job& job = *run.job;
  why_global(run, answer);
  why_held_back(run, answer);
  if (!bandwidth_for_one_more(job.cap_bytes(), job.running))
    add(answer, WhyCode::bandwidth,
        "the job's bandwidth cap leaves too little for each of its runs if another one starts");
  if (job.running >= std::max(job.concurrent(), 1u)) {
    RunId other;
    for (const RunId id : job.open)
      if (const Run& each = *find(id); each.worker != nullptr && !other) other = id;
    add(answer, WhyCode::job_cap,
        fmt::format("the job has {} of {} runs going", job.running, job.concurrent()), other);
  }
  for (const uint32_t index : accounts_of(run)) {
    if (has_room(WaitKey{WaitFor::account, index})) continue;
    const Account& account = accounts_[index];
    add(answer, WhyCode::account_cap,
        fmt::format("remote {} has {} of {} runs going", quoted(account.name), account.running,
                    account.max_concurrent));
  }
  if (const RunId other = locks_.in_the_way(job.destination, job.id))
    add(answer, WhyCode::destination,
        fmt::format("run {} of job {} writes to the same or a nested destination", other,
                    quoted(find(other)->row.job_name)),
        other);
  why_workers(run, answer, now);
  if (answer.reasons.empty())
    add(answer, WhyCode::turn,
        fmt::format("its turn has not come: {} runs are ready to start", queue_.size()));
}

void Core::Impl::why_global(const Run& run, WhyAnswer& answer) const {
  const Client& client = clients_[run.client];
  const ClientSpec& spec = client.spec;
  const LiveSettings& set = settings_;
  if (set.queue_paused)
    add(answer, WhyCode::paused,
        set.queue_paused_reason.empty() ? "the queue is paused"
                                        : "the queue is paused: " + set.queue_paused_reason);
  if (set.global_max_concurrent_jobs != 0 && running_ >= set.global_max_concurrent_jobs)
    add(answer, WhyCode::global_cap,
        fmt::format("{} of {} runs are going (global_max_concurrent_jobs)", running_,
                    set.global_max_concurrent_jobs));
  if (spec.max_concurrent_jobs != 0 && client.running >= spec.max_concurrent_jobs)
    add(answer, WhyCode::client_cap,
        fmt::format("client {} has {} of {} runs going", quoted(client.name), client.running,
                    spec.max_concurrent_jobs));
  if (!bandwidth_for_one_more(global_cap_.bytes(), running_))
    add(answer, WhyCode::bandwidth,
        fmt::format("the bandwidth cap over all runs ({} kB/s) leaves too little for each if "
                    "another one starts",
                    global_cap_.kbps));
  if (!bandwidth_for_one_more(client.cap.bytes(), client.running))
    add(answer, WhyCode::bandwidth,
        fmt::format("the bandwidth cap of client {} ({} kB/s) leaves too little for each if "
                    "another one starts",
                    quoted(client.name), client.cap.kbps));
}

// A person or the clock, and nothing that becomes free by itself.
void Core::Impl::why_held_back(const Run& run, WhyAnswer& answer) const {
  const Client& client = clients_[run.client];
  const Job& job = *run.job;
  if (!client.paused.empty())
    add(answer, WhyCode::client_paused,
        fmt::format("client {} is paused: {}", quoted(client.name), client.paused));
  if (!job.paused.empty()) add(answer, WhyCode::job_paused, "the job is paused: " + job.paused);
  if (!outside_window(run)) return;
  const std::optional<WallTime> opens = job.limits->edge;
  add(answer, WhyCode::window,
      opens ? fmt::format("the job may not run now; its window opens at {}", format_rfc3339(*opens))
            : "the job has no window in which it may run");
}

void Core::Impl::why_workers(const Run& run, WhyAnswer& answer, Now now) const {
  uint32_t connected = 0;
  uint32_t draining = 0;
  uint32_t free = 0;
  for (const auto& [name, worker] : workers_) {
    if (!worker.session) continue;
    ++connected;
    const bool drains = worker.draining || worker.row.drain;
    draining += drains ? 1 : 0;
    if (!drains && worker.row.slots > worker.busy) ++free;
  }
  if (connected == 0) return add(answer, WhyCode::no_worker, "no worker is connected");
  if (draining == connected)
    return add(answer, WhyCode::workers_draining, "every connected worker is draining");
  if (free == 0) add(answer, WhyCode::no_slot, "no worker has a free slot");
  if (run.refused_by != nullptr && run.refused_until > now.mono)
    add(answer, WhyCode::refused,
        fmt::format("worker {} did not take it: {}", quoted(run.refused_by->row.name),
                    quoted(run.refused_why, limits::kMaxHintBytes)));
}

CoreStatus Core::Impl::status() const {
  const auto count = [this](auto... states) {
    return (counts_[static_cast<size_t>(states)] + ...);
  };
  CoreStatus status;
  status.jobs = jobs_.size();
  status.queued = count(RunState::queued, RunState::assigned);
  status.retrying = count(RunState::retry_wait);
  status.on_worker = count(RunState::starting, RunState::running, RunState::validating,
                           RunState::finishing, RunState::cancelling);
  status.held = count(RunState::held, RunState::paused);
  for (const auto& [name, worker] : workers_) {
    WorkerView view{worker.row,
                    static_cast<bool>(worker.session),
                    worker.draining || worker.row.drain,
                    worker.busy,
                    {}};
    view.runs.assign(worker.runs.begin(), worker.runs.end());
    if (view.connected) status.slots += worker.row.slots;
    if (view.connected && !view.draining && worker.row.slots > worker.busy)
      status.free_slots += worker.row.slots - worker.busy;
    status.workers.push_back(std::move(view));
  }
  status.settings = settings_;
  return status;
}

}  // namespace dray::scheduler
