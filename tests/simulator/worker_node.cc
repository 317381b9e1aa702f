#include "tests/simulator/worker_node.h"

#include "tests/simulator/world.h"

namespace dray::sim {

using namespace worker;

WorkerNode::WorkerNode(World& world, std::string name, Host& host)
    : world_(world),
      name_(std::move(name)),
      host_(host),
      clock_(world.new_clock()),
      bus_(world, host) {}

Now WorkerNode::now() const {
  return clock_.at(world_.timeline.now());
}

// ── Life and death ──────────────────────────────────────────────────────────────────────────────

void WorkerNode::start() {
  if (up()) return;
  sweep();  // what an earlier life left over is gone before HELLO
  ++life_;
  ++epoch_;
  frozen_ = false;
  waiting_.clear();
  believed_spooled_.clear();
  CoreOptions options;
  options.name = name_;
  options.epoch = epoch_;
  options.boot_id = fmt::format("boot-{}-{}", name_, boots_);
  options.slots = static_cast<uint32_t>(world_.plan.slots);
  options.public_key = std::string(32, 'k');
  options.seed = world_.random.next();
  std::vector<AttemptResult> spooled;
  for (const auto& [token, result] : spool_) {
    spooled.push_back(result);
    world_.observer.tally.marks.reach(Mark::result_kept);
    believed_spooled_.insert(token);
  }
  core_ = std::make_unique<WorkerCore>(options, std::move(spooled));
  world_.trace("worker up", epoch_, spool_.size());
  BusOwner owner;
  owner.role = Role::worker;
  owner.door = 1;
  owner.name = name_;
  owner.epoch = epoch_;
  owner.on_link = [this](bool, bool scheduler_up) { step(LinkChanged{scheduler_up}); };
  owner.on_message = [this](SessionId, const Envelope& e) { on_message(e); };
  bus_.open(owner);
}

void WorkerNode::kill(bool reboot) {
  if (!up() || host_.paused()) return;
  world_.trace("worker killed", epoch_, reboot ? 1 : 0);
  world_.observer.tally.marks.reach(reboot ? Mark::worker_rebooted : Mark::worker_killed);
  ++world_.observer.tally.faults;
  ++life_;
  core_.reset();
  alarm_at_.reset();
  bus_.close();
  if (reboot) {
    sweep();
    clock_.reboot(world_.timeline.now());
    ++boots_;
  }
  // Each guard notices that its worker is gone.
  for (const auto& [token, process] : processes_) {
    const Token which = token;
    const uint64_t number = process.number;
    host_.after(world_.random.time(milliseconds{1}, milliseconds{500}),
                [this, which, number] { end_process(which, number, {}); });
  }
  const Duration away = world_.random.time(
      milliseconds{100}, world_.random.chance(0.8) ? Duration{seconds{10}} : world_.plan.lease * 2);
  host_.after(away, [this] { start(); });
}

void WorkerNode::sweep() {
  for (const auto& [token, process] : processes_)
    world_.observer.process_ended(token);
  processes_.clear();
}

void WorkerNode::freeze(Duration length) {
  if (!up() || frozen_ || host_.paused()) return;
  world_.trace("worker frozen", epoch_);
  world_.observer.tally.marks.reach(Mark::worker_frozen);
  ++world_.observer.tally.faults;
  frozen_ = true;
  bus_.freeze(true);
  const uint64_t life = life_;
  host_.after(length, [this, life] {
    if (life == life_) thaw();
  });
}

void WorkerNode::thaw() {
  if (!std::exchange(frozen_, false)) return;
  bus_.freeze(false);
  std::vector<Event> waiting = std::exchange(waiting_, {});
  waiting.emplace_back(Tick{});
  for (Event& event : waiting)
    step(std::move(event));
}

void WorkerNode::pause() {
  paused_at_ = world_.timeline.now();
  world_.observer.tally.marks.reach(Mark::worker_paused);
  world_.observer.suspended(name_, true);
}

void WorkerNode::resume() {
  // A guard looks at its clock before anything else: milliseconds in which rclone runs are left
  // out.
  const Duration away = world_.timeline.now() - paused_at_;
  const std::map<Token, Process> processes = processes_;
  for (const auto& [token, process] : processes) {
    if (world_.plan.bug == Bug::guard_clock_stops) {
      processes_[token].kill_at += away;
    } else if (world_.plan.bug != Bug::no_guard && process.kill_at <= now().mono) {
      world_.observer.tally.marks.reach(Mark::guard_after_pause);
      end_process(token, process.number, interrupted(token, Outcome::failed));
    } else {
      world_.observer.tally.marks.reach(Mark::pause_survived);
    }
  }
  world_.observer.suspended(name_, false);
}

// ── The core ────────────────────────────────────────────────────────────────────────────────────

void WorkerNode::on_message(const Envelope& envelope) {
  const auto with = [&]<class Message>(std::type_identity<Message>) {
    if (auto message = envelope.decode<Message>()) step(std::move(*message));
  };
  switch (envelope.type()) {
    case MessageType::welcome:
      return with(std::type_identity<Welcome>{});
    case MessageType::goodbye:
      return with(std::type_identity<Goodbye>{});
    case MessageType::renewed:
      return with(std::type_identity<Renewed>{});
    case MessageType::assign:
      return with(std::type_identity<Assign>{});
    case MessageType::start:
      return with(std::type_identity<Start>{});
    case MessageType::withdraw:
      return with(std::type_identity<Withdraw>{});
    case MessageType::stop_attempt:
      return with(std::type_identity<StopAttempt>{});
    case MessageType::set_bandwidth:
      return with(std::type_identity<SetBandwidth>{});
    case MessageType::stale:
      return with(std::type_identity<Stale>{});
    case MessageType::result_ack:
      if (auto ack = envelope.decode<ResultAck>()) world_.observer.result_acked(ack->token);
      return with(std::type_identity<ResultAck>{});
    default:
      return;
  }
}

void WorkerNode::step(Event event) {
  if (!up()) return;
  if (frozen_) {
    waiting_.push_back(std::move(event));
    return;
  }
  std::vector<Action> out;
  core_->step(event, now(), out);
  const uint64_t life = life_;
  for (const Action& action : out) {
    std::visit([this](const auto& a) { act(a); }, action);
    if (life != life_) return;
  }
  arm();
}

void WorkerNode::arm() {
  const auto deadline = core_->next_deadline();
  if (!deadline) return;
  const Duration wait = std::max<Duration>(*deadline - now().mono, milliseconds{1});
  const Instant at = world_.timeline.now() + clock_.in_truth(wait);
  if (alarm_at_ && *alarm_at_ > world_.timeline.now() && *alarm_at_ <= at) return;
  alarm_at_ = at;
  const uint64_t life = life_;
  host_.at(at, [this, life, at] {
    if (life != life_ || alarm_at_ != at || frozen_) return;
    alarm_at_.reset();
    step(Tick{});
  });
}

template <class Message>
void WorkerNode::act(const Send<Message>& a) {
  if constexpr (std::is_same_v<Message, AttemptResult>)
    if (believed_spooled_.contains(a.message.token)) world_.observer.result_sent(a.message.token);
  if constexpr (std::is_same_v<Message, Reject>) world_.observer.tally.marks.reach(Mark::rejected);
  if constexpr (std::is_same_v<Message, Accept>)
    if (world_.plan.bug == Bug::start_at_accept && !processes_.contains(a.message.token))
      spawn(a.message.token, now().mono + lease_part(world_.plan.lease, kLeaseGuardKillsPercent),
            world_.plan.bandwidth_cap);
  bus_.send(SessionId{}, a.message);
}

void WorkerNode::act(const StartAttempt& a) {
  if (!processes_.contains(a.token)) spawn(a.token, a.kill_at, a.spec.bandwidth_bytes_per_second);
}

// rclone takes it a moment later; a planted bug says so before.
void WorkerNode::act(const ApplyBandwidth& a) {
  const auto process = processes_.find(a.token);
  if (process == processes_.end()) return;
  process->second.limit = a.bytes_per_second;
  if (world_.plan.bug == Bug::share_confirmed_early)
    host_.after(milliseconds{1},
                [this, done = BandwidthInForce{a.token, true, a.bytes_per_second}] { step(done); });
  if (!std::exchange(process->second.calling, true)) call_control(a.token, process->second.number);
}

// One call at a time, as workers/rclone_control.h: what was asked for meanwhile is next.
void WorkerNode::call_control(const Token& token, uint64_t number) {
  const bool early = world_.plan.bug == Bug::share_confirmed_early;
  const Duration delay = early ? world_.random.time(seconds{1}, seconds{5})
                               : world_.random.time(milliseconds{1}, milliseconds{50});
  host_.after(delay, [this, token, number, early, asked = processes_.at(token).limit] {
    const auto process = processes_.find(token);
    if (process == processes_.end() || process->second.number != number) return;
    world_.trace("share", token.run.value, asked);
    world_.observer.process_share(token, asked);
    if (process->second.limit != asked) return call_control(token, number);
    process->second.calling = false;
    if (!early) step(BandwidthInForce{token, true, asked});
  });
}

void WorkerNode::act(const ExtendLease& a) {
  const auto process = processes_.find(a.token);
  if (process != processes_.end()) process->second.kill_at = a.kill_at;
}

void WorkerNode::act(const EndAttempt& a) {
  const auto found = processes_.find(a.token);
  if (found == processes_.end() || found->second.stopping) return;
  Process& process = found->second;
  process.stopping = true;
  if (a.reason == StopReason::lease)
    world_.observer.stopped_for_lease(a.token, world_.plan.gentle && !world_.healed());
  const bool asked = a.reason == StopReason::cancel || a.reason == StopReason::stale ||
                     a.reason == StopReason::pause;
  AttemptResult result = interrupted(a.token, asked ? Outcome::cancelled : Outcome::failed);
  const Token token = a.token;
  const uint64_t number = process.number;
  if (world_.plan.bug == Bug::result_before_end) {
    process.reported = true;
    host_.after(milliseconds{1}, [this, result] { step(AttemptEnded{result}); });
  }
  host_.after(world_.random.time(milliseconds{5}, limits::kStopGrace + limits::kStopSecondGrace),
              [this, token, number, result] { end_process(token, number, result); });
}

void WorkerNode::act(const SpoolResult& a) {
  const uint64_t life = life_;
  const AttemptResult result = a.result;
  host_.after(world_.random.time(milliseconds{1}, milliseconds{30}), [this, life, result] {
    if (life != life_) return;
    const bool stored = world_.healed() || !world_.random.chance(world_.plan.spool_fails);
    if (!stored) world_.observer.tally.marks.reach(Mark::spool_failed);
    if (stored) believed_spooled_.insert(result.token);
    if (stored && world_.plan.bug != Bug::result_not_spooled) spool_[result.token] = result;
    step(ResultSpooled{result.token, stored});
  });
}

void WorkerNode::act(const UnspoolResult& a) {
  spool_.erase(a.token);
}

// The scheduler sent it away; somebody starts it again.
void WorkerNode::act(const Exit&) {
  kill();
}

// ── Processes ───────────────────────────────────────────────────────────────────────────────────

void WorkerNode::spawn(const Token& token, Instant kill_at, uint64_t bandwidth) {
  Process& process = processes_[token];
  process.kill_at = kill_at;
  process.number = ++last_process_;
  process.life = life_;
  const uint64_t number = process.number;
  world_.trace("process", token.run.value, token.attempt);
  world_.observer.process_started(token, name_, world_.plan.slots);
  world_.trace("share", token.run.value, bandwidth);
  world_.observer.process_share(token, bandwidth);
  const Duration mean = world_.healed() ? Duration{seconds{2}} : world_.plan.mean_run;
  const Duration length = std::min(world_.random.around(mean), mean * 5) + milliseconds{20};
  const AttemptResult result = drawn_result(token);
  const uint64_t life = life_;
  host_.after(milliseconds{10}, [this, life, token] {
    if (life == life_) step(AttemptRunning{token});
  });
  host_.after(length, [this, token, number, result] { end_process(token, number, result); });
  guard(token, number);
}

// Watches the lease, and does not care whether the worker is there.
void WorkerNode::guard(const Token& token, uint64_t number) {
  if (world_.plan.bug == Bug::no_guard) return;
  const auto process = processes_.find(token);
  if (process == processes_.end() || process->second.number != number) return;
  const Duration left = process->second.kill_at - now().mono;
  if (left <= Duration::zero()) {
    world_.observer.tally.marks.reach(Mark::guard_ended);
    return end_process(token, number, interrupted(token, Outcome::failed));
  }
  host_.after(clock_.in_truth(left), [this, token, number] { guard(token, number); });
}

void WorkerNode::end_process(const Token& token, uint64_t number, AttemptResult result) {
  const auto found = processes_.find(token);
  if (found == processes_.end() || found->second.number != number) return;
  const Process process = found->second;
  processes_.erase(found);
  world_.trace("process ended", token.run.value, token.attempt);
  world_.observer.process_ended(token);
  if (process.life == life_ && !process.reported) step(AttemptEnded{std::move(result)});
}

AttemptResult WorkerNode::interrupted(const Token& token, Outcome outcome) {
  AttemptResult result;
  result.token = token;
  result.outcome = outcome;
  if (outcome == Outcome::failed) {
    result.error_class = ErrorClass::network;
    result.retry = true;
  }
  return result;
}

AttemptResult WorkerNode::drawn_result(const Token& token) {
  Random& random = world_.random;
  AttemptResult result;
  result.token = token;
  result.outcome = Outcome::succeeded;
  if (random.chance(0.1)) result.outcome = Outcome::nothing_to_do;
  if (random.chance(0.05)) result.outcome = Outcome::warning;
  // An approved run is a later attempt, whose guard asks no more.
  if (token.attempt == 1 && random.chance(world_.plan.hold)) {
    result.outcome = Outcome::held;
    result.error_class = ErrorClass::guard;
    return result;
  }
  if (!random.chance(world_.plan.failure)) return result;
  result.outcome = random.chance(0.2) ? Outcome::killed : Outcome::failed;
  result.error_class = static_cast<ErrorClass>(random.between(1, 15));
  result.retry = random.chance(0.7);
  return result;
}

}  // namespace dray::sim
