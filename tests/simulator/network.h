// Connections between peers and the broker. A connection carries frames both ways until one end
// goes away; a frame of an older connection never arrives.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "broker/router.h"
#include "tests/simulator/host.h"
#include "tests/simulator/plan.h"
#include "tests/simulator/timeline.h"

namespace dray::sim {

class World;

struct WireFrame {
  std::string stamp;  // drayd's connection: sender or receiver
  std::string payload;
};

// One end that is no broker.
class Peer {
 public:
  virtual ~Peer() = default;
  uint32_t number = 0;  // given at its first connection
  virtual void on_frame(WireFrame frame) = 0;
  virtual void on_disconnected() = 0;
  virtual Credential credential() const = 0;
  virtual bool reachable() const = 0;  // alive and not frozen
  virtual Host& host() = 0;
};

class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  // A new connection for this peer; what was under way on the old one is gone.
  void connect(Peer& peer, uint32_t door);
  void disconnect(Peer& peer);
  void disconnect_all();

  void to_broker(Peer& peer, WireFrame frame);
  void to_peer(LinkId link, WireFrame frame);
  // Nothing passes on this peer's connection until then; `both`: in neither direction.
  void cut(Peer& peer, Instant until, bool both);
  void heal();

 private:
  struct Connection {
    Peer* peer = nullptr;
    LinkId link;
    Instant cut_out_until{};  // to the broker
    Instant cut_in_until{};
    Instant last_out{};
    Instant last_in{};
    bool up = false;
  };
  // When a frame arrives that is sent now; several: it is doubled; none: it is lost.
  std::vector<Instant> arrivals(Instant cut_until, Instant& last);

  Connection& of(Peer& peer);

  World& world_;
  std::map<uint32_t, Connection> connections_;  // by the peer's number: the same order in a replay
  std::map<LinkId, Peer*> links_;
  uint32_t last_peer_ = 0;
};

}  // namespace dray::sim
