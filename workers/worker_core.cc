#include "workers/worker_core.h"

#include <algorithm>
#include <utility>

namespace dray::worker {
namespace {

constexpr Duration kHelloBackoffMin = milliseconds{500};
constexpr Duration kHelloBackoffMax = seconds{5};
constexpr size_t kMaxRounds = 64;
// Names of current files make a picture large; all of RENEW must stay far below one frame.
constexpr size_t kMaxFilesInRenew = 256;

}  // namespace

WorkerCore::WorkerCore(CoreOptions options, std::vector<AttemptResult> spooled)
    : options_(std::move(options)), hello_backoff_(kHelloBackoffMin), random_(options_.seed) {
  for (AttemptResult& result : spooled) {
    const Token token = result.token;
    results_[token] = Pending{std::move(result), true, Instant{}, kFirstResultRepeat};
  }
}

void WorkerCore::step(const Event& event, Now now, std::vector<Action>& out) {
  if (exited_) return;
  std::visit([&](const auto& e) { on(e, now, out); }, event);
}

uint32_t WorkerCore::free_slots() const {
  if (draining_ || exiting_ || held_.size() >= options_.slots) return 0;
  return options_.slots - static_cast<uint32_t>(held_.size());
}

std::optional<Instant> WorkerCore::next_deadline() const {
  std::optional<Instant> next;
  const auto consider = [&next](Instant at) {
    if (!next || at < *next) next = at;
  };
  if (exited_) return next;
  if (link_) consider(welcome_ ? renew_at_ : hello_again_);
  for (const auto& [token, held] : held_) {
    if (!held.stop_sent) consider(held.stop_at);
    if (!held.stop_sent && held.limit_at) consider(*held.limit_at);
    if (welcome_ && !held.started) consider(held.accept_again);
  }
  if (welcome_) {
    for (const auto& [token, pending] : results_)
      if (pending.spooled) consider(pending.send_again);
  }
  if (drain_until_) consider(*drain_until_);
  return next;
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

void WorkerCore::on(const Tick&, Now now, Actions& out) {
  check_leases(now, out);
  check_limits(now, out);
  if (drain_until_ && now.mono >= *drain_until_) {
    drain_until_.reset();
    if (held_.empty()) {
      results_.clear();  // they are on disk, and the next start sends them
      exit_if_done(out);
      return;
    }
    exiting_ = true;
    end_all(StopReason::shutdown, now, out);
  }
  if (link_ && welcome_ && now.mono - answered_at_ > heartbeat_ * limits::kHeartbeatsMissed) {
    welcome_ = false;  // the scheduler does not know us any more, or does not hear us
    hello_again_ = now.mono;
  }
  if (link_ && !welcome_ && now.mono >= hello_again_) send_hello(now, out);
  if (welcome_ && now.mono >= renew_at_) send_renew(now, out);
  if (welcome_) repeat_unanswered(now, out);
}

void WorkerCore::check_leases(Now now, Actions& out) {
  std::vector<Token> late;
  for (const auto& [token, held] : held_)
    if (!held.stop_sent && now.mono >= held.stop_at) late.push_back(token);
  for (const Token& token : late) {
    if (held_.at(token).started) {
      end(token, StopReason::lease, "", now, out);
    } else {
      // Nothing runs, and whoever offered it has given it to somebody else or will.
      held_.erase(token);
      retire(token);
    }
  }
  if (!late.empty()) exit_if_done(out);
}

void WorkerCore::check_limits(Now now, Actions& out) {
  std::vector<Token> late;
  for (const auto& [token, held] : held_)
    if (!held.stop_sent && held.limit_at && now.mono >= *held.limit_at) late.push_back(token);
  for (const Token& token : late)
    end(token, StopReason::time_limit, "", now, out);
}

void WorkerCore::repeat_unanswered(Now now, Actions& out) {
  for (auto& [token, held] : held_)
    if (!held.started && now.mono >= held.accept_again) send_accept(token, held, now, out);
  for (auto& [token, pending] : results_)
    if (pending.spooled && now.mono >= pending.send_again) send_result(pending, now, out);
}

// ── Session ─────────────────────────────────────────────────────────────────────────────────────

void WorkerCore::on(const LinkChanged& event, Now now, Actions& out) {
  link_ = event.scheduler_up;
  welcome_ = false;
  hello_backoff_ = kHelloBackoffMin;
  if (link_) send_hello(now, out);
}

void WorkerCore::send_hello(Now now, Actions& out) {
  hello_again_ = now.mono + jittered(hello_backoff_);
  hello_backoff_ = std::min<Duration>(hello_backoff_ * 2, kHelloBackoffMax);
  Hello hello;
  hello.name = options_.name;
  hello.epoch = options_.epoch;
  hello.boot_id = options_.boot_id;
  hello.version = options_.version;
  hello.rclone_version = options_.rclone_version;
  hello.slots = options_.slots;
  hello.public_key = options_.public_key;
  hello.held = held_list();
  hello.draining = draining_ || exiting_;
  out.push_back(Send<Hello>{std::move(hello)});
}

void WorkerCore::on(const Welcome& message, Now now, Actions& out) {
  if (!link_) return;
  welcome_ = true;
  scheduler_epoch_ = message.scheduler_epoch;
  hello_backoff_ = kHelloBackoffMin;
  heartbeat_ = milliseconds{std::clamp<uint64_t>(message.heartbeat_ms, 50, 60'000)};
  answered_at_ = now.mono;
  for (const Token& token : message.stale)
    make_stale(token, now, out);
  for (auto& [token, held] : held_)
    if (!held.started) send_accept(token, held, now, out);
  for (auto& [token, pending] : results_) {
    pending.backoff = kFirstResultRepeat;
    if (pending.spooled) send_result(pending, now, out);
  }
  send_renew(now, out);
}

void WorkerCore::on(const Goodbye& message, Now now, Actions& out) {
  exiting_ = true;
  if (exit_why_.empty()) exit_why_ = message.why.empty() ? "refused by the scheduler" : message.why;
  link_ = false;
  welcome_ = false;
  end_all(StopReason::shutdown, now, out);
  exit_if_done(out);
}

void WorkerCore::on(const Drain& event, Now now, Actions& out) {
  draining_ = true;
  const Duration patience = held_.empty() ? std::min(event.patience, kLastAckWait) : event.patience;
  const Instant until = now.mono + patience;
  if (!drain_until_ || until < *drain_until_) drain_until_ = until;
  if (welcome_) send_renew(now, out);  // so that nothing is offered any more
  exit_if_done(out);
}

void WorkerCore::exit_if_done(Actions& out) {
  if (!(draining_ || exiting_) || exited_ || !held_.empty()) return;
  if (exit_why_.empty() && !results_.empty()) return;
  exited_ = true;
  out.push_back(Exit{exit_why_});
}

// ── Leases ──────────────────────────────────────────────────────────────────────────────────────

void WorkerCore::send_renew(Now now, Actions& out) {
  // What runs do with their shares is wanted sooner.
  const bool shares = std::ranges::any_of(held_, [](const auto& row) {
    return row.second.live_bandwidth && row.second.bandwidth != 0;
  });
  renew_at_ = now.mono + (shares ? std::min<Duration>(heartbeat_, limits::kUsageReport) : heartbeat_);
  Renew renew;
  renew.epoch = options_.epoch;
  renew.round = ++round_;
  renew.free_slots = free_slots();
  renew.draining = draining_ || exiting_;
  renew.held = held_list();
  rounds_.emplace_back(renew.round, now.mono);
  if (rounds_.size() > kMaxRounds) rounds_.pop_front();
  out.push_back(Send<Renew>{std::move(renew)});
}

void WorkerCore::on(const Renewed& message, Now now, Actions& out) {
  const auto round = std::find_if(rounds_.begin(), rounds_.end(),
                                  [&](const auto& r) { return r.first == message.round; });
  if (round != rounds_.end()) {
    answered_at_ = now.mono;
    for (const Token& token : message.renewed) {
      const auto it = held_.find(token);
      if (it != held_.end())
        grant(token, it->second, round->second, lease_from_wire(message.lease_ms), out);
    }
    rounds_.erase(rounds_.begin(), round + 1);  // older ones could only grant less
  }
  for (const Token& token : message.cancel)
    end(token, StopReason::cancel, "", now, out);
  for (const Token& token : message.stale)
    make_stale(token, now, out);
}

void WorkerCore::grant(const Token& token, Held& held, Instant from, Duration lease, Actions& out) {
  const Instant stop_at = from + lease_part(lease, limits::kLeaseWorkerStopsPercent);
  if (stop_at <= held.stop_at) return;
  held.lease = lease;
  held.stop_at = stop_at;
  // Being stopped for the lease is final: the guard's deadline then bounds the stopping.
  if (held.started && !held.stop_sent)
    out.push_back(ExtendLease{token, from + lease_part(lease, kLeaseGuardKillsPercent)});
}

// ── Small things ────────────────────────────────────────────────────────────────────────────────

std::vector<HeldAttempt> WorkerCore::held_list() const {
  std::vector<HeldAttempt> list;
  list.reserve(held_.size() + results_.size());
  const size_t files_each = held_.empty() ? 0 : kMaxFilesInRenew / held_.size();
  for (const auto& [token, held] : held_) {
    list.push_back({token, held.state, held.progress, held.live_bandwidth, held.bandwidth,
                    held.bandwidth_sequence});
    std::vector<CurrentFile>& files = list.back().progress.files;
    if (files.size() > files_each) files.resize(files_each);
  }
  for (const auto& [token, pending] : results_)
    list.push_back({token, RunState::finishing, Progress{}, false, 0, 0});
  return list;
}

// Between 75 % and 125 %, so that workers that lost the same scheduler do not come back in step.
Duration WorkerCore::jittered(Duration base) {
  random_ = random_ * 6364136223846793005ull + 1442695040888963407ull;
  const int64_t percent = 75 + static_cast<int64_t>((random_ >> 33) % 51);
  return base / 100 * percent;
}

}  // namespace dray::worker
