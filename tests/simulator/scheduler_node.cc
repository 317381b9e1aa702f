#include "tests/simulator/scheduler_node.h"

#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_jobs.h"
#include "tests/simulator/bugs.h"
#include "tests/simulator/world.h"

namespace dray::sim {

using namespace scheduler;

SchedulerNode::SchedulerNode(World& world)
    : world_(world), clock_(world.new_clock()), bus_(world), path_(world.directory + "/dray.db") {}

Now SchedulerNode::now() const {
  return seen_time(world_.plan.bug, clock_.at(world_.timeline.now()));
}

// ── Database ────────────────────────────────────────────────────────────────────────────────────

JobSpec SchedulerNode::draw_job(size_t index) {
  Random& random = world_.random;
  JobSpec spec;
  spec.name = job_name(index);
  spec.client = "client" + std::to_string(random.between(0, 2));
  spec.source = {"src", "data"};
  // Few places, so that some destinations overlap.
  spec.destination = {"dst", random.chance(0.3) ? "shared/" + std::to_string(random.between(0, 2))
                                                : "own/" + spec.name};
  if (random.chance(0.1)) spec.destination.path = "shared";
  if (random.chance(0.6)) {
    spec.schedule.kind = ScheduleKind::every;
    spec.schedule.every_seconds = random.between(60, 3600);
  } else if (random.chance(0.5)) {
    spec.schedule.kind = ScheduleKind::cron;
    spec.schedule.cron = random.chance(0.5) ? "*/10 * * * *" : "5 * * * *";
    spec.schedule.time_zone = "Europe/Berlin";
  }
  spec.overlap = static_cast<OverlapPolicy>(random.between(0, 3));
  spec.misfire = static_cast<MisfirePolicy>(random.between(0, 2));
  spec.misfire_max = static_cast<uint32_t>(random.between(1, 5));
  if (spec.overlap == OverlapPolicy::allow)
    spec.max_concurrent = static_cast<uint32_t>(random.between(1, 3));
  spec.priority = static_cast<int32_t>(random.between(-5, 5));
  spec.retry = {static_cast<uint32_t>(random.between(1, 4)), 5, 60};
  return spec;
}

void SchedulerNode::install() {
  const WallTime wall = clock_.at(world_.timeline.now()).wall;
  auto store = Store::open(StoreOptions{path_, "sim", 4096, 0}, wall);
  DRAY_CHECK(store.has_value(), store ? "" : store.error().message);
  Store& db = **store;
  const auto must = [](const auto& result) {
    DRAY_CHECK(result.has_value(), result ? "" : result.error().message);
  };
  must(db.begin());
  store::Catalog catalog(db.db());
  store::Jobs jobs(db.db());
  for (int client = 0; client < 3; ++client) {
    ClientSpec spec;
    spec.name = "client" + std::to_string(client);
    spec.weight = static_cast<uint32_t>(world_.random.between(1, 4));
    must(catalog.put_client(spec));
    for (const char* name : {"src", "dst"}) {
      SealedRemote remote;
      remote.name = name;
      remote.client = spec.name;
      remote.type = "sftp";
      remote.sealed = "sealed";
      remote.sealed_for = "key";
      must(catalog.put_remote(remote, wall));
    }
  }
  for (int i = 0; i < world_.plan.jobs; ++i) {
    specs_.push_back(draw_job(static_cast<size_t>(i)));
    const auto id = jobs.put(JobId{}, specs_.back(), wall);
    must(id);
    jobs_.push_back(*id);
    const auto record = jobs.find(*id);
    must(record);
    world_.observer.job(*id, specs_.back(), (*record)->created_at);
  }
  must(db.commit());
}

void SchedulerNode::start() {
  if (up()) return;
  ++life_;
  auto store = Store::open(StoreOptions{path_, "sim", 4096, 0}, now().wall);
  if (!store) return world_.observer.store_refused(store.error().message);
  store_ = std::move(*store);
  in_turn_ = false;
  alarm_at_.reset();
  load();
}

void SchedulerNode::load() {
  auto snapshot = store_->load_snapshot(now().wall);
  if (!snapshot) return world_.observer.store_refused(snapshot.error().message);
  if (world_.plan.global_cap != 0)
    snapshot->settings.global_max_concurrent_jobs = world_.plan.global_cap;
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
  if (!up()) return;
  world_.trace("drayd killed");
  ++world_.observer.tally.faults;
  ++life_;
  bus_.close();
  core_.reset();
  store_.reset();
  const Duration longest = world_.plan.gentle ? world_.plan.lease / 5 : world_.plan.lease * 2;
  const Duration away = world_.random.time(
      milliseconds{100}, world_.random.chance(0.8) ? Duration{seconds{5}} : longest);
  world_.timeline.after(away, [this] { start(); });
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

void SchedulerNode::on_link(bool broker_up) {
  if (broker_up) {
    take(BrokerUp{});
  } else {
    take(BrokerLost{});
  }
}

template <class T>
void SchedulerNode::take(T event) {
  if (!up()) return;
  inbox_.push_back(std::move(event));
  if (std::exchange(in_turn_, true)) return;
  const uint64_t life = life_;
  world_.timeline.after(world_.random.time(microseconds{50}, milliseconds{3}),
                        [this, life] { turn(life); });
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
        return WorkerAccept{from, m.token};
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

void SchedulerNode::edit_job(size_t index, bool disable) {
  if (!up() || in_turn_ || world_.timeline.now() < disk_full_until_) return;
  JobSpec& spec = specs_[index];
  if (disable) spec.enabled = false;
  if (!disable) {
    spec.priority = static_cast<int32_t>(world_.random.between(-5, 5));
    spec.overlap = static_cast<OverlapPolicy>(world_.random.between(0, 3));
  }
  store::Jobs jobs(store_->db());
  if (!store_->begin()) return;
  const auto id = jobs.put(jobs_[index], spec, now().wall);
  const auto record = jobs.find(jobs_[index]);
  const auto plan = record && *record ? jobs.plan(**record) : Result<JobPlan>();
  if (!id || !plan || !store_->commit()) return store_->rollback();
  world_.observer.job(jobs_[index], spec, {});
  take(JobPut{*plan, false});
}

void SchedulerNode::settings(const LiveSettings& settings) {
  take(SettingsPut{settings});
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
  if (hard_ && !end_with_commit(life)) return;
  if (!early) send_all();
  if (life == life_) arm();
}

// False: this turn sends nothing.
bool SchedulerNode::end_with_commit(uint64_t life) {
  const bool calm = world_.healed();
  if (!calm && world_.random.chance(world_.plan.kill_before_commit)) {
    kill();
    return false;
  }
  if (!commit()) {
    if (life != life_) return false;
    ++world_.observer.tally.faults;
    if (world_.plan.bug == Bug::commit_failure_ignored) {
      rows_.clear();
      hard_ = false;
      return true;
    }
    world_.trace("commit failed");
    const uint64_t same = life_;
    hard_ = false;
    core_.reset();
    in_turn_ = true;  // nothing is taken in before the core is back
    world_.timeline.after(milliseconds{500}, [this, same] {
      if (same != life_ || !up()) return;
      in_turn_ = false;
      load();
    });
    return false;
  }
  if (!calm && world_.random.chance(world_.plan.kill_after_commit)) {
    kill();
    return false;
  }
  return true;
}

bool SchedulerNode::commit() {
  if (world_.timeline.now() < disk_full_until_) return false;
  if (!store_->begin()) return false;
  for (const Action& action : rows_) {
    if (const Status applied = store_->apply(action); !applied) {
      store_->rollback();
      world_.observer.store_refused(applied.error().message);
      return false;
    }
  }
  if (!store_->commit()) return false;
  ++world_.observer.tally.commits;
  for (const Action& action : rows_)
    world_.observer.committed(action);
  world_.trace("commit", rows_.size(), world_.observer.tally.runs);
  rows_.clear();
  hard_ = false;
  return true;
}

void SchedulerNode::arm() {
  const Duration wait = time_to_wait(core_->next_deadline(), now());
  const Instant at =
      world_.timeline.now() + clock_.in_truth(std::max<Duration>(wait, microseconds{100}));
  if (alarm_at_ && *alarm_at_ > world_.timeline.now() && *alarm_at_ <= at) return;
  alarm_at_ = at;
  const uint64_t life = life_;
  world_.timeline.at(at, [this, life, at] {
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
  const auto spec = jobs.run_spec(a.job);
  if (!spec) return take(AssignFailed{a.token, spec.error().message});
  bus_.send(a.session, Assign{a.token, a.lease_ms, *spec});
}
void SchedulerNode::send(const SendStale& a) {
  ++world_.observer.tally.stale;
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
  bus_.send(a.session, Withdraw{a.token});
}
void SchedulerNode::send(const SendStop& a) {
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
