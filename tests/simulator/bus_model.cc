#include "tests/simulator/bus_model.h"

#include "broker/stamp.h"
#include "tests/simulator/broker_node.h"
#include "tests/simulator/world.h"

namespace dray::sim {

void BusModel::open(BusOwner owner) {
  owner_ = std::move(owner);
  open_ = true;
  frozen_ = false;
  broker_up_ = scheduler_up_ = false;
  ++life_;
  connect();
  tick(life_);
}

void BusModel::close() {
  if (!open_) return;
  open_ = connected_ = broker_up_ = scheduler_up_ = false;
  ++life_;
  world_.network.disconnect(*this);
}

Credential BusModel::credential() const {
  const bool keyed = owner_.role == Role::worker;
  return Credential{owner_.role, keyed ? owner_.name : "", keyed ? "key-" + owner_.name : ""};
}

void BusModel::connect() {
  connected_ = world_.broker->up();
  if (!connected_) return;
  world_.network.connect(*this, owner_.door);
  last_received_ = world_.timeline.now();
  ping();
}

void BusModel::ping() {
  send_bytes(SessionId{}, encode_message(Ping{owner_.name, "sim", owner_.epoch}));
}

void BusModel::tick(uint64_t life) {
  if (life != life_) return;
  const Duration heartbeat = world_.plan.heartbeat;
  host_.after(heartbeat, [this, life] { tick(life); });
  if (frozen_) return;
  if (!connected_) return connect();
  if (world_.timeline.now() - last_received_ >= heartbeat * limits::kHeartbeatsMissed) {
    link_down();
    connect();
    return;
  }
  ping();
}

void BusModel::send_bytes(SessionId to, std::string payload) {
  if (!open_ || !connected_) return;
  WireFrame frame{"", std::move(payload)};
  if (owner_.role == Role::scheduler) frame.stamp = encode_address(to);
  world_.network.to_broker(*this, std::move(frame));
}

void BusModel::on_frame(WireFrame frame) {
  last_received_ = world_.timeline.now();
  SessionId from;
  if (owner_.role == Role::scheduler) {
    const auto stamp = decode_stamp(frame.stamp);
    if (!stamp) return;
    from = stamp->session;
  }
  const uint64_t life = life_;
  (void)read_frame(frame.payload, [&](const Envelope& envelope) {
    if (life != life_) return;  // the node died over an earlier message
    if (envelope.type() == MessageType::pong) {
      if (const auto pong = envelope.decode<Pong>()) on_pong(*pong);
    } else if (envelope.type() == MessageType::scheduler_state) {
      if (const auto state = envelope.decode<SchedulerState>()) on_scheduler_state(state->up);
    } else {
      owner_.on_message(from, envelope);
    }
  });
}

void BusModel::on_disconnected() {
  if (!open_) return;
  link_down();
  connected_ = false;
}

void BusModel::on_pong(const Pong& pong) {
  if (!connected_) return;
  if (!pong.session) return ping();
  if (broker_up_ && broker_epoch_ == pong.broker_epoch && session_ == pong.session)
    return on_scheduler_state(pong.scheduler_up);
  if (broker_up_) link_down();
  session_ = pong.session;
  broker_epoch_ = pong.broker_epoch;
  broker_up_ = true;
  scheduler_up_ = pong.scheduler_up;
  owner_.on_link(true, scheduler_up_);
}

void BusModel::on_scheduler_state(bool up) {
  if (!broker_up_ || scheduler_up_ == up) return;
  scheduler_up_ = up;
  owner_.on_link(true, up);
}

void BusModel::link_down() {
  if (!broker_up_) return;
  broker_up_ = scheduler_up_ = false;
  session_ = {};
  owner_.on_link(false, false);
}

}  // namespace dray::sim
