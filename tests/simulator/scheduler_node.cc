#include "tests/simulator/scheduler_node.h"

#include "daemon/store/store_jobs.h"
#include "tests/simulator/bugs.h"
#include "tests/simulator/world.h"

namespace dray::sim {

using namespace scheduler;

SchedulerNode::SchedulerNode(World& world)
    : world_(world),
      host_(world.center),
      clock_(world.new_clock()),
      bus_(world, world.center),
      path_(world.directory + "/dray.db") {}

Now SchedulerNode::now() const {
  return seen_time(world_.plan.bug, clock_.at(world_.timeline.now()));
}

// ── Life and death ──────────────────────────────────────────────────────────────────────────────

void SchedulerNode::start() {
  if (up()) return;
  ++life_;
  in_turn_ = broken_ = false;
  alarm_at_.reset();
  if (open_store()) return load();
  // A full disk, say: whoever keeps services running tries again.
  host_.after(seconds{1}, [this, life = life_] {
    if (life == life_) start();
  });
}

void SchedulerNode::load() {
  auto snapshot = store_->load_snapshot(now().wall);
  if (!snapshot) return world_.observer.store_refused(snapshot.error().message);
  for (const auto& run : snapshot->open_runs)
    if (is_on_worker(run.state)) world_.observer.tally.marks.reach(Mark::adopted);
  if (world_.plan.global_cap != 0)
    snapshot->settings.global_max_concurrent_jobs = world_.plan.global_cap;
  snapshot->settings.global_max_bandwidth_kbps = world_.plan.bandwidth_cap;
  spoil_snapshot(world_.plan.bug, *snapshot);
  CoreOptions options;
  options.lease = world_.plan.lease;
  options.heartbeat = world_.plan.heartbeat;
  options.seed = world_.random.next();
  told_ = options;
  inbox_.clear();
  rows_.clear();
  hard_ = false;
  messages_.clear();
  core_.emplace(seen_options(world_.plan.bug, options));
  world_.trace("drayd up", snapshot->scheduler_epoch, snapshot->open_runs.size());
  for (Action& action : core_->load(*snapshot, now()))
    keep(std::move(action));
  BusOwner owner;
  owner.role = Role::scheduler;
  owner.door = 0;
  owner.name = "drayd";
  owner.epoch = snapshot->scheduler_epoch;
  owner.on_link = [this](bool broker, bool) { on_link(broker); };
  owner.on_message = [this](SessionId from, const Envelope& e) { on_message(from, e); };
  if (!bus_.is_open()) bus_.open(owner);
  if (bus_.broker_up()) take(BrokerUp{});
  take(Tick{});
}

void SchedulerNode::kill() {
  if (!up() || host_.paused()) return;
  world_.trace("drayd killed");
  world_.observer.tally.marks.reach(Mark::scheduler_killed);
  world_.disk.process_died();
  go_down(world_.random.chance(0.8) ? Duration{seconds{5}} : longest_away());
}

void SchedulerNode::machine_restarts() {
  clock_.reboot(world_.timeline.now());
  if (up()) go_down(longest_away());
}

Duration SchedulerNode::longest_away() const {
  return world_.plan.gentle ? world_.plan.lease / 5 : world_.plan.lease * 2;
}

// Whatever it had not yet done stays undone.
void SchedulerNode::go_down(Duration longest) {
  ++world_.observer.tally.faults;
  ++life_;
  bus_.close();
  core_.reset();
  store_.reset();
  host_.after(world_.random.time(milliseconds{100}, longest), [this] { start(); });
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

void SchedulerNode::on_link(bool broker_up) {
  if (broker_up) {
    take(BrokerUp{});
  } else {
    take(BrokerLost{});
  }
}

void SchedulerNode::take(Event event) {
  if (!up()) return;
  if (broken_) return handle_broken(event);
  inbox_.push_back(std::move(event));
  if (std::exchange(in_turn_, true)) return;
  const uint64_t life = life_;
  host_.after(world_.random.time(microseconds{50}, milliseconds{3}), [this, life] { turn(life); });
}

void SchedulerNode::on_message(SessionId from, const Envelope& envelope) {
  const auto with = [&]<class Message>(std::type_identity<Message>, auto&& make) {
    if (auto message = envelope.decode<Message>()) take(make(std::move(*message)));
  };
  const Asker asker{from, envelope.id(), "operator"};
  switch (envelope.type()) {
    case MessageType::hello:
      return with(std::type_identity<Hello>{}, [&](Hello m) { return WorkerHello{from, m}; });
    case MessageType::renew:
      return with(std::type_identity<Renew>{}, [&](Renew m) { return WorkerRenew{from, m}; });
    case MessageType::accept:
      if (auto message = envelope.decode<Accept>();
          message && world_.plan.bug == Bug::start_before_commit)
        bus_.send(from, Start{message->token});
      return with(std::type_identity<Accept>{}, [&](Accept m) {
        return WorkerAccept{from, m.token, m.offer};
      });
    case MessageType::reject:
      return with(std::type_identity<Reject>{}, [&](Reject m) {
        return WorkerReject{from, m.token, m.why};
      });
    case MessageType::result:
      return with(std::type_identity<AttemptResult>{}, [&](AttemptResult m) {
        return WorkerResult{from, m};
      });
    case MessageType::peer_gone:
      return with(std::type_identity<PeerGone>{},
                  [&](PeerGone m) { return SessionGone{m.session}; });
    case MessageType::enqueue:
      return with(std::type_identity<Enqueue>{}, [&](Enqueue m) { return RunNow{asker, m}; });
    case MessageType::cancel_request:
      return with(std::type_identity<CancelRequest>{}, [&](CancelRequest m) {
        return CancelRuns{asker, m, {}};
      });
    default:
      return;
  }
}

// ── A turn ──────────────────────────────────────────────────────────────────────────────────────

void SchedulerNode::keep(Action action) {
  if (!spoil_action(world_.plan.bug, told_, action)) return;
  switch (row_kind(action)) {
    case RowKind::hard:
      rows_.push_back(std::move(action));
      hard_ = true;
      return;
    case RowKind::soft:
      rows_.push_back(std::move(action));
      return;
    case RowKind::none:
      messages_.push_back(std::move(action));
  }
}

void SchedulerNode::turn(uint64_t life) {
  if (life != life_ || !up()) return;
  in_turn_ = false;
  if (broken_) return;
  std::vector<Action> out;
  for (Event& event : inbox_) {
    spoil_event(world_.plan.bug, *core_, event);
    core_->step(event, now(), out);
  }
  inbox_.clear();
  for (Action& action : out)
    keep(std::move(action));
  const bool early = world_.plan.bug == Bug::ack_before_commit;
  if (early) send_all();
  if (hard_ && !end_with_commit()) return;
  if (!early) send_all();
  if (life == life_) arm();
}

// False: this turn sends nothing.
bool SchedulerNode::end_with_commit() {
  const bool calm = world_.healed();
  if (!calm && world_.random.chance(world_.plan.kill_before_commit)) {
    kill();
    return false;
  }
  if (!commit()) {
    ++world_.observer.tally.faults;
    if (!up()) return false;
    if (world_.plan.bug == Bug::commit_failure_ignored) {
      rows_.clear();
      hard_ = false;
      return true;
    }
    fail_turn();
    return false;
  }
  if (!calm && world_.random.chance(world_.plan.kill_after_commit)) {
    kill();
    return false;
  }
  return true;
}

// As daemon/scheduler/shell.h has it: nothing of the turn is said, leases are renewed, nothing else
// is taken in until writing works again; then the core is loaded anew.
void SchedulerNode::fail_turn() {
  world_.trace("commit failed");
  broken_ = true;
  rows_.clear();
  messages_.clear();
  inbox_.clear();
  hard_ = false;
  const Duration wait = std::max(next_recovery_ - world_.timeline.now(), Duration::zero());
  host_.after(wait, [this, life = life_] { recover(life); });
}

void SchedulerNode::recover(uint64_t life) {
  if (life != life_ || !up()) return;
  next_recovery_ = world_.timeline.now() + seconds{1};
  if (!store_->probe_write()) {
    host_.after(seconds{1}, [this, life] { recover(life); });
    return;
  }
  world_.observer.tally.marks.reach(Mark::store_recovered);
  // Written over, or there all the same: what failed may have come after the commit itself.
  settle_doubt();
  broken_ = false;
  load();
  for (const SessionGone& gone : std::exchange(gone_, {}))
    take(gone);
}

void SchedulerNode::handle_broken(const Event& event) {
  if (const auto* gone = std::get_if<SessionGone>(&event)) gone_.push_back(*gone);
  const auto* renewal = std::get_if<WorkerRenew>(&event);
  if (renewal == nullptr) return;
  Renewed renewed;
  renewed.round = renewal->renew.round;
  renewed.lease_ms = static_cast<uint64_t>(to_ms(told_.lease));
  for (const HeldAttempt& held : renewal->renew.held)
    if (core_->is_current(held.token)) renewed.renewed.push_back(held.token);
  if (!renewed.renewed.empty()) world_.observer.tally.marks.reach(Mark::renewed_while_broken);
  bus_.send(renewal->session, renewed);
}

void SchedulerNode::arm() {
  const Duration wait = time_to_wait(core_->next_deadline(), now());
  const Instant at =
      world_.timeline.now() + clock_.in_truth(std::max<Duration>(wait, microseconds{100}));
  if (alarm_at_ && *alarm_at_ > world_.timeline.now() && *alarm_at_ <= at) return;
  alarm_at_ = at;
  const uint64_t life = life_;
  host_.at(at, [this, life, at] {
    if (life != life_ || alarm_at_ != at || !core_) return;
    alarm_at_.reset();
    take(Tick{});
  });
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void SchedulerNode::send_all() {
  const std::vector<Action> messages = std::exchange(messages_, {});
  for (const Action& action : messages)
    std::visit([this](const auto& a) { send(a); }, action);
}

void SchedulerNode::send(const SendAssign& a) {
  store::Jobs jobs(store_->db());
  auto spec = jobs.run_spec(a.job);
  if (!spec) return take(AssignFailed{a.token, spec.error().message});
  spec->bandwidth_bytes_per_second = a.bandwidth_bytes_per_second;
  spec->live_bandwidth = a.live_bandwidth;
  bus_.send(a.session, Assign{a.token, a.lease_ms, *spec, a.offer});
}
void SchedulerNode::send(const SendStale& a) {
  ++world_.observer.tally.stale;
  world_.observer.tally.marks.reach(Mark::stale_answer);
  bus_.send(a.session, Stale{a.token});
}
void SchedulerNode::send(const SendWelcome& a) {
  bus_.send(a.session, a.message);
}
void SchedulerNode::send(const SendGoodbye& a) {
  bus_.send(a.session, a.message);
}
void SchedulerNode::send(const SendRenewed& a) {
  bus_.send(a.session, a.message);
}
void SchedulerNode::send(const SendStart& a) {
  bus_.send(a.session, Start{a.token});
}
void SchedulerNode::send(const SendWithdraw& a) {
  world_.observer.tally.marks.reach(Mark::withdrawn);
  bus_.send(a.session, Withdraw{a.token});
}
void SchedulerNode::send(const SendStop& a) {
  bus_.send(a.session, a.message);
}
void SchedulerNode::send(const SendBandwidth& a) {
  bus_.send(a.session, a.message);
}
void SchedulerNode::send(const SendResultAck& a) {
  bus_.send(a.session, ResultAck{a.token});
}
void SchedulerNode::send(const SendOwners& a) {
  bus_.send(SessionId{}, a.message);
}
void SchedulerNode::send(const ReplyEnqueued& a) {
  bus_.send(a.asker.session, a.message, a.asker.request_id);
}
void SchedulerNode::send(const ReplyCancel& a) {
  bus_.send(a.asker.session, a.message, a.asker.request_id);
}

}  // namespace dray::sim
