#include "tests/simulator/broker_node.h"

#include "tests/simulator/world.h"

namespace dray::sim {

BrokerNode::BrokerNode(World& world) : world_(world), clock_(world.new_clock()) {}

void BrokerNode::start() {
  if (up()) return;
  RouterOptions options;
  options.broker_epoch = static_cast<uint64_t>(world_.random.between(1, (int64_t{1} << 31) - 1));
  options.heartbeat = world_.plan.heartbeat;
  router_ = std::make_unique<Router>(options);
  world_.trace("broker up", options.broker_epoch);
  tick(++life_);
}

void BrokerNode::kill() {
  if (!up() || world_.center.paused()) return;
  world_.trace("broker killed");
  world_.observer.tally.marks.reach(Mark::broker_killed);
  router_.reset();
  ++life_;
  world_.network.disconnect_all();
}

void BrokerNode::tick(uint64_t life) {
  if (life != life_ || !up()) return;
  step(router_event::Tick{});
  world_.center.after(Router::kTickInterval, [this, life] { tick(life); });
}

void BrokerNode::on_frame(LinkId link, const Credential& credential, const WireFrame& frame) {
  if (up()) step(router_event::Frame{link, credential, frame.stamp, frame.payload});
}

void BrokerNode::disconnected(LinkId link) {
  if (up()) step(router_event::Disconnected{link});
}

void BrokerNode::step(RouterEvent event) {
  actions_.clear();
  router_->step(std::move(event), clock_.at(world_.timeline.now()).mono, actions_);
  for (RouterAction& action : actions_)
    if (auto* send = std::get_if<router_action::Send>(&action))
      world_.network.to_peer(send->to, WireFrame{std::move(send->stamp), std::move(send->payload)});
}

}  // namespace dray::sim
