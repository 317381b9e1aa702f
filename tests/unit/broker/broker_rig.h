// A real broker on real sockets in a temporary directory, and peers of it, all on one loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/bus.h"
#include "broker/service.h"
#include "tests/support/temp_dir.h"

namespace dray {

// What a peer heard, kept.
struct Heard {
  SessionId from;
  Role role{};
  std::string name;
  MessageType type{};
  uint64_t id = 0;
  std::string text;  // of the first text field, where a test looks at one
};

class Peer {
 public:
  Peer(EventLoop& loop, BusOptions options) {
    auto opened = Bus::open(loop, std::move(options));
    DRAY_CHECK(opened.has_value(), opened.error().message);
    bus = std::move(*opened);
    bus->on_message([this](const Incoming& in) {
      heard.push_back({in.from, in.from_role, std::string(in.from_name), in.envelope.type(),
                       in.envelope.id(), text_of(in.envelope)});
      if (answer) answer(in);
    });
    bus->on_link([this](const LinkState& state) { links.push_back(state); });
  }
  size_t count(MessageType type) const {
    size_t n = 0;
    for (const Heard& one : heard)
      n += one.type == type ? 1 : 0;
    return n;
  }
  const Heard* last(MessageType type) const {
    for (auto it = heard.rbegin(); it != heard.rend(); ++it)
      if (it->type == type) return &*it;
    return nullptr;
  }

  std::unique_ptr<Bus> bus;
  std::vector<Heard> heard;
  std::vector<LinkState> links;
  std::function<void(const Incoming&)> answer;

 private:
  static std::string text_of(const Envelope& envelope) {
    if (auto m = envelope.decode<Enqueue>()) return m->job;
    if (auto m = envelope.decode<PeerUp>()) return m->name;
    if (auto m = envelope.decode<PeerGone>()) return m->why;
    if (auto m = envelope.decode<Nack>()) return m->message;
    return "";
  }
};

class BrokerRig {
 public:
  static constexpr Duration kDeadline = seconds{20};

  BrokerRig() : ticking_(loop) {
    auto parsed = parse_config("", "test");
    DRAY_CHECK(parsed.has_value(), "the defaults parse");
    config = std::move(*parsed);
    config.paths.run_dir = dir / "run";
    config.paths.data_dir = dir / "data";
    ipc = ipc_endpoints(config);
    DRAY_CHECK(ensure_private_dir(config.paths.run_dir).has_value(), "a directory");
    ticking_.start_repeating(milliseconds{50}, [] {});  // so that run_until sees its deadline
  }

  Status start(const BrokerTuning& tuning = {}) {
    auto opened = BrokerService::open(loop, config, tuning);
    if (!opened) return std::unexpected(opened.error());
    broker = std::move(*opened);
    return {};
  }

  // True: the condition came about.
  bool run_until(const std::function<bool()>& condition) {
    const Instant deadline = clock.now().mono + kDeadline;
    while (!condition()) {
      if (clock.now().mono > deadline) return false;
      loop.run_turn();
    }
    return true;
  }

  BusOptions options(Role role, const std::string& name, uint64_t epoch = 1) {
    BusOptions out;
    out.role = role;
    out.name = name;
    out.version = "1";
    out.epoch = epoch;
    switch (role) {
      case Role::scheduler:
        out.endpoint = ipc.scheduler;
        break;
      case Role::worker:
        out.endpoint = ipc.worker;
        out.progress_endpoint = ipc.progress;
        break;
      case Role::ops:
        out.endpoint = ipc.ops;
        out.events_endpoint = ipc.ops_events;
        break;
      case Role::notifier:
        out.endpoint = ipc.notifier;
        out.events_endpoint = ipc.notifier_events;
        break;
    }
    return out;
  }
  std::unique_ptr<Peer> peer(Role role, const std::string& name, uint64_t epoch = 1) {
    return std::make_unique<Peer>(loop, options(role, name, epoch));
  }
  // With its link up, and the scheduler's if there is one.
  std::unique_ptr<Peer> join(Role role, const std::string& name, uint64_t epoch = 1) {
    auto out = peer(role, name, epoch);
    const bool up = run_until([&] {
      return out->bus->link().broker_up &&
             out->bus->link().scheduler_up == broker->router().scheduler_up();
    });
    DRAY_CHECK(up, "a peer finds the broker");
    return out;
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  Config config;
  IpcEndpoints ipc;
  std::unique_ptr<BrokerService> broker;

 private:
  Timer ticking_;
};

}  // namespace dray
