// Attempts and their results: the second half of worker_core.cc.
#include <algorithm>
#include <utility>

#include "schemas/job_json.h"
#include "workers/worker_core.h"

namespace dray::worker {
namespace {

constexpr Duration kAcceptRepeat = seconds{1};
constexpr Duration kResultBackoffMax = seconds{30};
// Started attempts remembered so that no late copy of a START revives one: 1.5 MB, several seconds
// at the highest rate and months at an ordinary one.
constexpr size_t kMaxRetired = 65'536;

RunState state_of(Phase phase) {
  switch (phase) {
    case Phase::validating:
      return RunState::validating;
    case Phase::recording:
    case Phase::cleaning:
      return RunState::finishing;
    default:
      return RunState::running;
  }
}

AttemptResult never_started(const Token& token, Outcome outcome, std::string hint, Now now) {
  AttemptResult result;
  result.token = token;
  result.outcome = outcome;
  result.hint = std::move(hint);
  result.started_at = now.wall;
  result.ended_at = now.wall;
  result.never_started = true;
  return result;
}

// When the attempt has taken as long as its job allows. A policy that cannot be read stops the
// attempt when it is prepared.
std::optional<Instant> time_limit(const RunSpec& spec, Now now) {
  if (spec.policy.empty()) return std::nullopt;
  const Result<JobPolicy> policy = job_policy_from(spec.policy);
  if (!policy || policy->limits.max_duration_seconds == 0) return std::nullopt;
  constexpr uint64_t kLongest = 10 * 366 * 86'400;  // ten years
  return now.mono + seconds{std::min(policy->limits.max_duration_seconds, kLongest)};
}

}  // namespace

// ── Attempts ────────────────────────────────────────────────────────────────────────────────────

std::string WorkerCore::why_rejected(const Assign& message) const {
  if (message.token.worker_epoch != options_.epoch) return "meant for another start of this worker";
  if (draining_ || exiting_) return "the worker is being stopped";
  if (held_.size() >= options_.slots) return "no free slot";
  return "";
}

void WorkerCore::on(const Assign& message, Now now, Actions& out) {
  const Token& token = message.token;
  if (retired_.contains(token) || results_.contains(token)) return;
  if (const auto same = held_.find(token); same != held_.end()) {
    if (same->second.started) return;
    // A scheduler that was started anew offers what it cannot know to be offered: its word counts.
    // A copy of the offer itself must not take back a share that was told since.
    if (message.offer > same->second.offer) return take_offer(message, same->second, now, out);
    return send_accept(token, same->second, now, out);
  }
  std::string why = why_rejected(message);
  // Two attempts of one run never live side by side.
  const auto other = std::find_if(held_.begin(), held_.end(),
                                  [&](const auto& entry) { return entry.first.run == token.run; });
  if (other != held_.end()) {
    if (other->first.attempt > token.attempt) return;
    const Token older = other->first;
    make_stale(older, now, out);
    if (held_.contains(older)) why = "an older attempt of this run is still being stopped";
  }
  if (!why.empty()) {
    out.push_back(Send<Reject>{{token, std::move(why)}});
    return;
  }
  Held& held = held_[token];
  held.accept_sent = now.mono;  // the lease counts from the first one
  take_offer(message, held, now, out);
}

void WorkerCore::take_offer(const Assign& message, Held& held, Now now, Actions& out) {
  held.spec = message.spec;
  held.offer = message.offer;
  held.lease = lease_from_wire(message.lease_ms);
  held.live_bandwidth = message.spec.live_bandwidth;
  held.bandwidth = message.spec.bandwidth_bytes_per_second;
  held.wanted = {message.token, held.bandwidth, 0};
  held.stop_at = held.accept_sent + lease_part(held.lease, limits::kLeaseWorkerStopsPercent);
  send_accept(message.token, held, now, out);
}

void WorkerCore::send_accept(const Token& token, Held& held, Now now, Actions& out) {
  held.accept_again = now.mono + jittered(kAcceptRepeat);
  out.push_back(Send<Accept>{{token, held.offer}});
}

void WorkerCore::on(const Start& message, Now now, Actions& out) {
  const auto it = held_.find(message.token);
  if (it == held_.end() || it->second.started) return;
  Held& held = it->second;
  if (now.mono >= held.stop_at) {  // the lease has run out before the answer came
    held_.erase(it);
    retire(message.token);
    exit_if_done(out);
    return;
  }
  held.started = true;
  held.limit_at = time_limit(held.spec, now);
  out.push_back(StartAttempt{message.token, std::exchange(held.spec, {}),
                             held.accept_sent + lease_part(held.lease, kLeaseGuardKillsPercent)});
}

void WorkerCore::on(const Withdraw& message, Now, Actions& out) {
  const auto it = held_.find(message.token);
  if (it == held_.end() || it->second.started) return;
  held_.erase(it);
  exit_if_done(out);
}

void WorkerCore::on(const AttemptRunning& event, Now, Actions&) {
  const auto it = held_.find(event.token);
  if (it != held_.end() && it->second.state == RunState::starting)
    it->second.state = RunState::running;
}

void WorkerCore::on(const AttemptProgress& event, Now, Actions&) {
  const auto it = held_.find(event.token);
  if (it == held_.end()) return;
  it->second.progress = event.progress;
  RunState& state = it->second.state;
  // In the order in which an attempt passes them, never back.
  if (is_on_worker(state) && state != RunState::cancelling && state != RunState::starting)
    state = std::max(state, state_of(event.progress.phase));
}

void WorkerCore::on(const StopAttempt& message, Now now, Actions& out) {
  std::string detail = message.asked_by;
  if (!message.reason.empty()) detail += (detail.empty() ? "" : ": ") + message.reason;
  end(message.token, message.pause ? StopReason::pause : StopReason::cancel, detail, now, out);
}

void WorkerCore::end(const Token& token, StopReason reason, const std::string& detail, Now now,
                     Actions& out) {
  const auto it = held_.find(token);
  if (it == held_.end() || it->second.stop_sent) return;
  Held& held = it->second;
  if (held.started) {
    held.stop_sent = true;
    if (reason != StopReason::pause) held.state = RunState::cancelling;
    out.push_back(EndAttempt{token, reason, detail});
    return;
  }
  held_.erase(it);
  retire(token);  // its START may be under way
  if (reason == StopReason::cancel || reason == StopReason::pause)
    keep_result(never_started(token, Outcome::cancelled,
                              reason == StopReason::cancel ? "Cancelled before it started."
                                                           : "Paused before it started.",
                              now),
                out);
}

void WorkerCore::end_all(StopReason reason, Now now, Actions& out) {
  std::vector<Token> tokens;
  for (const auto& [token, held] : held_)
    tokens.push_back(token);
  for (const Token& token : tokens)
    end(token, reason, "", now, out);
}

void WorkerCore::make_stale(const Token& token, Now now, Actions& out) {
  if (const auto it = held_.find(token); it != held_.end()) {
    if (it->second.started) {
      it->second.forget = true;
      end(token, StopReason::stale, "", now, out);
    } else {
      held_.erase(it);
    }
  }
  if (results_.erase(token) > 0) out.push_back(UnspoolResult{token});
  exit_if_done(out);
}

// ── Bandwidth ───────────────────────────────────────────────────────────────────────────────────

void WorkerCore::on(const SetBandwidth& message, Now now, Actions& out) {
  bool confirm = false;
  for (const BandwidthShare& share : message.shares) {
    const auto it = held_.find(share.token);
    if (it == held_.end() || !it->second.live_bandwidth) continue;
    Held& held = it->second;
    if (share.sequence < held.wanted.sequence) continue;  // overtaken by a newer one
    held.wanted = share;
    if (held.started) {
      out.push_back(ApplyBandwidth{share.token, share.bytes_per_second});
      continue;
    }
    held.spec.bandwidth_bytes_per_second = share.bytes_per_second;
    confirm = in_force(held, share.bytes_per_second) || confirm;
  }
  if (confirm && welcome_) send_renew(now, out);
}

// True: that is news.
bool WorkerCore::in_force(Held& held, uint64_t bytes_per_second) {
  const uint64_t sequence = bytes_per_second == held.wanted.bytes_per_second
                                ? held.wanted.sequence
                                : held.bandwidth_sequence;
  if (held.bandwidth == bytes_per_second && held.bandwidth_sequence == sequence) return false;
  held.bandwidth = bytes_per_second;
  held.bandwidth_sequence = sequence;
  return true;
}

void WorkerCore::on(const BandwidthInForce& event, Now now, Actions& out) {
  const auto it = held_.find(event.token);
  if (it == held_.end()) return;
  const bool other = std::exchange(it->second.live_bandwidth, event.live) != event.live;
  if ((in_force(it->second, event.bytes_per_second) || other) && welcome_) send_renew(now, out);
}

// ── Results ─────────────────────────────────────────────────────────────────────────────────────

void WorkerCore::on(const AttemptEnded& event, Now now, Actions& out) {
  const auto it = held_.find(event.result.token);
  if (it == held_.end()) return;
  const bool forget = it->second.forget;
  held_.erase(it);
  retire(event.result.token);
  if (!forget) keep_result(event.result, out);
  if (draining_ && held_.empty()) drain_until_ = now.mono + kLastAckWait;
  exit_if_done(out);
}

void WorkerCore::keep_result(AttemptResult result, Actions& out) {
  const Token token = result.token;
  Pending& pending = results_[token];
  pending.backoff = kFirstResultRepeat;
  pending.result = result;
  out.push_back(SpoolResult{std::move(result)});
}

void WorkerCore::on(const ResultSpooled& event, Now now, Actions& out) {
  const auto it = results_.find(event.token);
  if (it == results_.end() || it->second.spooled) return;
  it->second.spooled = true;
  if (welcome_) send_result(it->second, now, out);
}

void WorkerCore::send_result(Pending& pending, Now now, Actions& out) {
  pending.send_again = now.mono + jittered(pending.backoff);
  pending.backoff = std::min<Duration>(pending.backoff * 2, kResultBackoffMax);
  out.push_back(Send<AttemptResult>{pending.result});
}

void WorkerCore::on(const ResultAck& message, Now, Actions& out) {
  if (results_.erase(message.token) == 0) return;
  out.push_back(UnspoolResult{message.token});
  exit_if_done(out);
}

void WorkerCore::on(const Stale& message, Now now, Actions& out) {
  make_stale(message.token, now, out);
}

void WorkerCore::retire(const Token& token) {
  if (!retired_.insert(token).second) return;
  retired_order_.push_back(token);
  if (retired_order_.size() <= kMaxRetired) return;
  retired_.erase(retired_order_.front());
  retired_order_.pop_front();
}

}  // namespace dray::worker
