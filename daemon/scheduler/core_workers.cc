// Workers and their sessions: who is there, under which name, and who is sent away.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

bool same_registration(const WorkerRow& row, const Hello& hello) {
  return row.epoch == hello.epoch && row.boot_id == hello.boot_id && row.version == hello.version &&
         row.rclone_version == hello.rclone_version &&
         row.slots == std::min(hello.slots, limits::kMaxSlots) &&
         row.public_key == hello.public_key;
}

constexpr std::string_view kTwins = "another worker has the same name and the same epoch";

}  // namespace

Worker* Core::Impl::worker_of(SessionId session) {
  const auto it = sessions_.find(session);
  return it == sessions_.end() ? nullptr : it->second;
}

// Empty: welcome.
std::string Core::Impl::why_refused(const Worker& worker, const WorkerHello& event) const {
  const Hello& hello = event.hello;
  const WorkerRow& row = worker.row;
  if (hello.epoch < row.epoch)
    return fmt::format(
        "worker {} has already started with epoch {}, this one says {}: two machines use one name, "
        "or the worker's state directory was lost",
        quoted(row.name), row.epoch, hello.epoch);
  if (hello.epoch == row.epoch && !row.boot_id.empty() && row.boot_id != hello.boot_id)
    return fmt::format("{}: was the machine cloned? ({})", kTwins, quoted(row.name));
  for (const auto& [name, other] : workers_) {
    if (!other.session || &other == &worker || other.row.public_key == hello.public_key) continue;
    return fmt::format(
        "this worker opens remotes with another key than worker {}: give all workers the same "
        "private key",
        quoted(name));
  }
  return "";
}

void Core::Impl::on(const WorkerHello& event) {
  const Hello& hello = event.hello;
  if (hello.name.empty()) return;
  Worker& worker = workers_[hello.name];
  worker.row.name = hello.name;
  if (const std::string why = why_refused(worker, event); !why.empty())
    return refuse(worker, event, why);
  if (hello.epoch > worker.row.epoch) restarted(worker, hello);
  connect(worker, event);

  std::vector<Token> stale;
  std::vector<RunId> stop;
  for (const HeldAttempt& held : hello.held) {
    if (!adopt(worker, held, stale)) continue;
    const Run& run = *find(held.token.run);
    if (run.row.cancel_requested || wants_stop(run)) stop.push_back(run.row.id);
  }
  Welcome welcome;
  welcome.scheduler_epoch = scheduler_epoch_;
  welcome.lease_ms = static_cast<uint64_t>(to_ms(options_.lease));
  welcome.heartbeat_ms = static_cast<uint64_t>(to_ms(options_.heartbeat));
  welcome.stale = std::move(stale);
  emit(SendWelcome{event.session, std::move(welcome)});
  for (const RunId id : stop)
    send_stop(*find(id));
}

void Core::Impl::refuse(Worker& worker, const WorkerHello& event, const std::string& why) {
  emit(SendGoodbye{event.session, Goodbye{why}});
  const bool twins = event.hello.epoch == worker.row.epoch && worker.session &&
                     worker.session != event.session && why.starts_with(kTwins);
  if (twins) {  // nobody can tell which of them is the right one
    emit(SendGoodbye{worker.session, Goodbye{why}});
    disconnect(worker);
  }
  if (std::exchange(worker.refused_epoch, event.hello.epoch) == event.hello.epoch) return;
  add_event(event_kind::kWorkerRefused, nullptr,
            Body{}.text("worker", event.hello.name).text("why", why).done());
}

// A new start of the worker: what an older one held and this one does not list died with it.
void Core::Impl::restarted(Worker& worker, const Hello& hello) {
  withdraw_offers(worker);
  const std::set<RunId> runs = worker.runs;
  for (const RunId id : runs) {
    Run& run = *find(id);
    const bool listed =
        std::any_of(hello.held.begin(), hello.held.end(),
                    [&](const HeldAttempt& held) { return held.token == run.row.token(); });
    if (!listed && run.row.worker_epoch < hello.epoch)
      lose(run, true, "the worker was restarted and does not hold it any more");
  }
}

void Core::Impl::connect(Worker& worker, const WorkerHello& event) {
  const Hello& hello = event.hello;
  const bool known = same_registration(worker.row, hello);
  if (worker.session != event.session) {
    disconnect(worker);
    if (Worker* before = worker_of(event.session)) disconnect(*before);
    worker.session = event.session;
    sessions_[event.session] = &worker;
  }
  worker.draining = hello.draining;
  worker.refused_epoch = 0;
  worker.paused_until = {};
  WorkerRow& row = worker.row;
  row.last_seen = now_.wall;
  wake_all(WaitKey{WaitFor::refused, 0});
  if (known) return;
  row.epoch = hello.epoch;
  row.boot_id = hello.boot_id;
  row.version = hello.version;
  row.rclone_version = hello.rclone_version;
  row.slots = std::min(hello.slots, limits::kMaxSlots);
  row.public_key = hello.public_key;
  emit(PutWorker{row});
  Body body;
  body.text("worker", row.name).number("epoch", static_cast<int64_t>(row.epoch));
  add_event(event_kind::kWorkerUp, nullptr, body.number("slots", row.slots).done());
}

void Core::Impl::disconnect(Worker& worker) {
  if (!worker.session) return;
  sessions_.erase(worker.session);
  worker.session = {};
  shares_moved_ = true;
  withdraw_offers(worker);
}

void Core::Impl::withdraw_offers(Worker& worker) {
  const std::set<RunId> runs = worker.runs;
  for (const RunId id : runs)
    if (Run& run = *find(id); run.row.state == RunState::assigned) withdraw(run);
}

void Core::Impl::on(const SessionGone& event) {
  Worker* worker = worker_of(event.session);
  if (worker == nullptr) return;
  disconnect(*worker);
  add_event(event_kind::kWorkerLost, nullptr, Body{}.text("worker", worker->row.name).done());
}

// Nobody can be reached, and nobody is known to be gone.
void Core::Impl::on(const BrokerLost&) {
  for (auto& [name, worker] : workers_)
    disconnect(worker);
}

void Core::Impl::on(const BrokerUp&) {
  SendOwners owners;
  owners.message.replace = true;
  for (const auto& [id, run] : runs_)
    if (is_on_worker(run.row.state)) owners.message.add.push_back(owner_row(run));
  emit(std::move(owners));
}

void Core::Impl::on(const WorkerDrain& event) {
  Worker& worker = workers_[event.worker];
  worker.row.name = event.worker;
  worker.row.drain = event.drain;
  add_event(event_kind::kWorkerDrain, nullptr,
            Body{}.text("worker", event.worker).flag("drain", event.drain).done());
}

}  // namespace dray::scheduler
