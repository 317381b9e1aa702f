// The broker as a running thing: its sockets, what waits for slow peers, keys, timers. Decisions
// are the router's (router.h).
//
// On this machine every role has a socket file of its own, in a directory whose rights decide who
// reaches it (daemon/base/config.h: IpcEndpoints). On other machines the key decides (curve.h).
// Sockets of a dead broker are replaced; a live one keeps its lock file, and the second is refused.
//
// Thread: that of the loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/curve.h"
#include "broker/fair_queue.h"
#include "broker/router.h"
#include "broker/self_test.h"
#include "broker/zap.h"
#include "broker/zmq_socket.h"
#include "daemon/base/config.h"
#include "daemon/base/fd.h"

namespace dray {

struct BrokerTuning {
  Duration heartbeat = limits::kHeartbeat;
  int heartbeats_missed = limits::kHeartbeatsMissed;
  Duration self_test_interval = minutes{1};  // after the one at the start
};

class BrokerService {
 public:
  // What may wait for one peer; beyond it the peer counts as gone.
  static constexpr size_t kMaxPeerQueueBytes = 4 << 20;
  // What may wait for drayd of one peer; beyond it that peer's frames are refused.
  static constexpr size_t kMaxLaneBytes = 1 << 20;
  // Frames that zmq holds for drayd. They are in one line; what waits here is served in turn.
  static constexpr int kSchedulerHighWater = 64;
  static constexpr Duration kRetryInterval = milliseconds{10};
  // Log lines about peers in one tick; a flood of refusals is counted, not written.
  static constexpr size_t kMaxNotesPerTick = 20;

  // Binds everything and proves that unknown keys are refused (turns the loop for that).
  // conflict: another broker runs there; denied: the self-test failed.
  static Result<std::unique_ptr<BrokerService>> open(EventLoop& loop, const Config& config,
                                                     const BrokerTuning& tuning = {});
  ~BrokerService();

  // Something after which the broker must not go on: the key check is broken.
  void on_fatal(std::function<void(Error)> handler);
  // SIGHUP: reads the keys anew; messages of those that are gone are refused from now on.
  void reload_keys();

  const Router& router() const { return router_; }
  // Where the remote door of that domain listens, with the port that port 0 became.
  std::string tcp_endpoint(std::string_view zap_domain) const;

 private:
  friend struct BrokerServiceSurgeon;  // tests: kills the key check under the running broker

  enum class Purpose { requests, progress, events };
  struct Door {
    Purpose purpose = Purpose::requests;
    Role role = Role::ops;        // of a local socket
    std::string_view zap_domain;  // not empty: CURVE, the key decides the role
    std::unique_ptr<ZmqSocket> socket;
  };
  BrokerService(EventLoop& loop, const Config& config, const BrokerTuning& tuning);

  // service_doors.cc: opening.
  Status start();
  Status lock(const std::string& dir);
  Status open_local_doors();
  Status open_remote_doors();
  Status open_door(Purpose purpose, Role role, std::string_view zap_domain,
                   const std::vector<std::string>& endpoints);
  Status self_test_now();
  Status start_self_tests();
  void self_test_done(Status status);
  void report_key_problems() const;

  // service.cc: running.
  void receive(uint32_t door, const ZmqIncoming& message);
  void receive_request(uint32_t door, const ZmqIncoming& message);
  void receive_progress(const Door& door, const ZmqIncoming& message);
  void receive_subscription(uint32_t door, const ZmqIncoming& message);
  const Credential* credential_of(const Door& door, const ZmqIncoming& message);
  void transport(const ZmqTransportEvent& event);
  void tick();

  void dispatch(RouterEvent event);
  void perform(router_action::Send&& action);
  void perform(router_action::Publish&& action);
  void perform(router_action::Forget&& action);
  void perform(router_action::Note&& action);
  SendOutcome hand_over(LinkId to, std::string_view stamp, std::string_view payload);
  void queue(router_action::Send&& action);
  void drain(uint32_t door);
  void drain_all();
  SendOutcome drain_one(LinkId to, FairQueue& waiting);
  bool is_scheduler_door(uint32_t door) const { return doors_[door].role == Role::scheduler; }

  EventLoop& loop_;
  const Config config_;
  const BrokerTuning tuning_;
  SystemClock clock_;
  Router router_;
  std::function<void(Error)> fatal_;

  UniqueFd lock_;
  AuthorizedKeys keys_;
  CurveKeyPair own_key_;
  ZmqContext context_;
  // Before the doors: destroyed after them, so that no door is ever open without it.
  std::unique_ptr<ZapHandler> zap_;
  std::vector<Door> doors_;
  std::vector<std::unique_ptr<SelfTest>> self_tests_;
  size_t self_tests_open_ = 0;
  Status self_test_status_;

  Timer ticker_;
  Timer soon_;
  Timer retry_;
  Timer self_test_timer_;
  std::map<LinkId, FairQueue> queues_;  // none is empty
  std::unordered_map<int, LinkId> link_of_fd_;
  std::set<std::pair<uint32_t, std::string>> replays_;
  std::deque<RouterEvent> follow_ups_;
  bool dispatching_ = false;
  size_t notes_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dray
