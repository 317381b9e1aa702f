// The broker: the real router, on modelled sockets.
#pragma once

#include <memory>

#include "broker/router.h"
#include "tests/simulator/network.h"

namespace dray::sim {

class BrokerNode {
 public:
  explicit BrokerNode(World& world);
  void start();
  void kill();
  bool up() const { return router_ != nullptr; }
  void on_frame(LinkId link, const Credential& credential, const WireFrame& frame);
  void disconnected(LinkId link);

 private:
  void step(RouterEvent event);
  void tick(uint64_t life);

  World& world_;
  NodeClock clock_;
  std::unique_ptr<Router> router_;
  std::vector<RouterAction> actions_;
  uint64_t life_ = 0;
};

}  // namespace dray::sim
