#include "tests/simulator/network.h"

#include "tests/simulator/broker_node.h"
#include "tests/simulator/world.h"

namespace dray::sim {

Network::Connection& Network::of(Peer& peer) {
  if (peer.number == 0) peer.number = static_cast<uint32_t>(connections_.size()) + 1;
  Connection& connection = connections_[peer.number];
  connection.peer = &peer;
  return connection;
}

void Network::connect(Peer& peer, uint32_t door) {
  disconnect(peer);
  Connection& connection = of(peer);
  connection.link = LinkId{door, ++last_peer_};
  connection.up = true;
  connection.last_in = connection.last_out = world_.timeline.now();
  links_[connection.link] = &peer;
}

void Network::disconnect(Peer& peer) {
  Connection& connection = of(peer);
  if (!connection.up) return;
  connection.up = false;
  links_.erase(connection.link);
  if (!world_.center.paused()) return world_.broker->disconnected(connection.link);
  world_.center.after(Duration::zero(),
                      [this, link = connection.link] { world_.broker->disconnected(link); });
}

void Network::disconnect_all() {
  links_.clear();
  for (auto& [number, connection] : connections_) {
    if (!connection.up) continue;
    connection.up = false;
    Peer* const end = connection.peer;
    end->host().after(world_.random.time(milliseconds{1}, milliseconds{50}),
                      [end] { end->on_disconnected(); });
  }
}

std::vector<Instant> Network::arrivals(Instant cut_until, Instant& last) {
  const Plan& plan = world_.plan;
  Random& random = world_.random;
  const Instant now = world_.timeline.now();
  const bool calm = world_.healed();
  Marks& marks = world_.observer.tally.marks;
  if (!calm && (now < cut_until || random.chance(plan.loss))) {
    marks.reach(Mark::frame_lost);
    return {};
  }
  std::vector<Instant> list;
  const int copies = !calm && random.chance(plan.duplicate) ? 2 : 1;
  if (copies > 1) marks.reach(Mark::frame_doubled);
  for (int i = 0; i < copies; ++i) {
    Instant at = now + (calm ? Duration{milliseconds{1}} : random.around(plan.latency));
    if (!calm && random.chance(plan.late)) {
      at += random.around(plan.lease);
      marks.reach(Mark::frame_late);
    } else if (!plan.reorder || calm) {
      at = std::max(at, last);
      last = at;
    }
    list.push_back(at);
  }
  return list;
}

void Network::to_broker(Peer& peer, WireFrame frame) {
  Connection& connection = of(peer);
  if (!connection.up) return;
  const LinkId link = connection.link;
  for (const Instant at : arrivals(connection.cut_out_until, connection.last_out))
    world_.center.at(at, [this, link, frame] {
      const auto known = links_.find(link);
      if (known == links_.end()) return;
      ++world_.observer.tally.frames;
      world_.broker->on_frame(link, known->second->credential(), frame);
    });
}

void Network::to_peer(LinkId link, WireFrame frame) {
  const auto known = links_.find(link);
  if (known == links_.end()) return;
  Connection& connection = of(*known->second);
  for (const Instant at : arrivals(connection.cut_in_until, connection.last_in))
    known->second->host().at(at, [this, link, frame] {
      const auto peer = links_.find(link);
      if (peer == links_.end() || !peer->second->reachable()) return;
      ++world_.observer.tally.frames;
      peer->second->on_frame(frame);
    });
}

void Network::cut(Peer& peer, Instant until, bool both) {
  Connection& connection = of(peer);
  if (both || world_.random.chance(0.5)) connection.cut_out_until = until;
  if (both || connection.cut_out_until != until) connection.cut_in_until = until;
}

void Network::heal() {
  for (auto& [number, connection] : connections_)
    connection.cut_in_until = connection.cut_out_until = Instant{};
}

}  // namespace dray::sim
