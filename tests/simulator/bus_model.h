// A peer's end of the connection to the broker, as broker/bus.h behaves: PING opens it, silence or
// another broker epoch ends it, and whoever is behind it is told.
#pragma once

#include <functional>
#include <string>

#include "schemas/codec.h"
#include "tests/simulator/network.h"

namespace dray::sim {

struct BusOwner {
  Role role = Role::ops;
  uint32_t door = 0;
  std::string name;
  uint64_t epoch = 0;
  std::function<void(bool broker_up, bool scheduler_up)> on_link;
  std::function<void(SessionId from, const Envelope& message)> on_message;
};

class BusModel final : public Peer {
 public:
  BusModel(World& world, Host& host) : world_(world), host_(host) {}
  ~BusModel() override = default;

  void open(BusOwner owner);
  void close();
  bool is_open() const { return open_; }
  void freeze(bool frozen) { frozen_ = frozen; }

  template <class Message>
  void send(SessionId to, const Message& message, uint64_t id = 0) {
    send_bytes(to, encode_message(message, id));
  }
  void send_bytes(SessionId to, std::string payload);
  bool broker_up() const { return broker_up_; }
  bool scheduler_up() const { return scheduler_up_; }

  void on_frame(WireFrame frame) override;
  void on_disconnected() override;
  Credential credential() const override;
  bool reachable() const override { return open_ && !frozen_; }
  Host& host() override { return host_; }

 private:
  void connect();
  void ping();
  void tick(uint64_t life);
  void on_pong(const Pong& pong);
  void on_scheduler_state(bool up);
  void link_down();

  World& world_;
  Host& host_;
  BusOwner owner_;
  bool open_ = false;
  bool frozen_ = false;
  bool connected_ = false;
  bool broker_up_ = false;
  bool scheduler_up_ = false;
  uint64_t broker_epoch_ = 0;
  SessionId session_;
  Instant last_received_{};
  uint64_t life_ = 0;
};

}  // namespace dray::sim
