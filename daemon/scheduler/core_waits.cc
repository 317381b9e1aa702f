// Waiting lists. A run that cannot start waits in the list of the first thing in its way, and
// nobody looks at it before that thing changes. Room that becomes free wakes one run; a woken run
// that does not use the room passes it on to the next.
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {

void Core::Impl::make_ready(Run& run) {
  leave_wait(run);
  run.wait = WaitKey{WaitFor::ready, 0};
  queue_.push(run.client, run.rank);
}

void Core::Impl::wait(Run& run, WaitKey key) {
  const WaitKey woken = std::exchange(run.woken, {});
  leave_wait(run);
  run.wait = key;
  waiting_[key].insert(run.rank);
  if (woken.what != WaitFor::nothing && woken != key) wake_one(woken);
}

void Core::Impl::leave_wait(Run& run) {
  const WaitKey from = std::exchange(run.wait, {});
  if (from.what == WaitFor::nothing) return;
  if (from.what == WaitFor::ready) {
    queue_.erase(run.client, run.rank);
    const WaitKey woken = std::exchange(run.woken, {});
    if (woken.what != WaitFor::nothing) wake_one(woken);
    return;
  }
  if (from.what == WaitFor::refused) set_deadline(run, std::nullopt);
  const auto list = waiting_.find(from);
  list->second.erase(run.rank);
  if (list->second.empty()) waiting_.erase(list);
}

bool Core::Impl::has_room(WaitKey key) const {
  if (key.what == WaitFor::job) {
    const auto job = jobs_.find(JobId{key.key});
    return job != jobs_.end() && job->second.running < std::max(job->second.concurrent(), 1u) &&
           job->second.paused.empty() &&
           bandwidth_for_one_more(job->second.cap_bytes(), job->second.running);
  }
  if (key.what != WaitFor::account) return true;
  const Account& account = accounts_[key.key];
  return account.max_concurrent == 0 || account.running < account.max_concurrent;
}

void Core::Impl::wake_one(WaitKey key) {
  const auto list = waiting_.find(key);
  if (list == waiting_.end() || !has_room(key)) return;
  Run& run = *find(list->second.begin()->run);
  make_ready(run);
  // Whoever has refused a run still refuses it: that chance is not passed on.
  if (key.what != WaitFor::refused) run.woken = key;
}

void Core::Impl::wake_all(WaitKey key) {
  while (waiting_.contains(key))
    make_ready(*find(waiting_[key].begin()->run));
}

// After a change of what the job may do or needs.
void Core::Impl::wake_job(const Job& job) {
  for (const RunId id : job.open) {
    Run& run = *find(id);
    if (run.wait.what != WaitFor::nothing) make_ready(run);
  }
}

}  // namespace dray::scheduler
