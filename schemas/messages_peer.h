// Messages between the broker and its peers, and between broker and scheduler. See messages.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schemas/ids.h"
#include "schemas/message_type.h"

namespace dray {

// ── Broker and any peer ─────────────────────────────────────────────────────────────────────────

struct Ping {
  static constexpr MessageType kType = MessageType::ping;
  std::string name;     // how the peer calls itself; proven by its key where there is one
  std::string version;  // of the program
  uint64_t epoch = 0;   // scheduler, worker: rises with every start; else 0
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("version", self.version);
    visit("epoch", self.epoch);
  }
};

struct Pong {
  static constexpr MessageType kType = MessageType::pong;
  uint64_t broker_epoch = 0;  // another one: the broker was restarted, say hello again
  bool scheduler_up = false;
  SessionId session;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("broker_epoch", self.broker_epoch);
    visit("scheduler_up", self.scheduler_up);
    visit("session", self.session);
  }
};

// The envelope's id names the message that was refused.
struct Nack {
  static constexpr MessageType kType = MessageType::nack;
  uint8_t code = 0;  // ErrorCode
  std::string message;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
  }
};

// ── Broker and scheduler ────────────────────────────────────────────────────────────────────────

struct PeerUp {
  static constexpr MessageType kType = MessageType::peer_up;
  SessionId session;
  Role role = Role::worker;
  std::string name;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("session", self.session);
    visit("role", self.role);
    visit("name", self.name);
  }
};

struct PeerGone {
  static constexpr MessageType kType = MessageType::peer_gone;
  SessionId session;
  Role role = Role::worker;
  std::string name;
  std::string why;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("session", self.session);
    visit("role", self.role);
    visit("name", self.name);
    visit("why", self.why);
  }
};

// Which worker may publish progress of which attempt. `replace` first forgets all the broker knows.
struct OwnerRow {
  Token token;
  std::string worker;
  std::string client;
  std::string job;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("worker", self.worker);
    visit("client", self.client);
    visit("job", self.job);
  }
};
struct Owners {
  static constexpr MessageType kType = MessageType::owners;
  bool replace = false;
  std::vector<OwnerRow> add;
  std::vector<Token> remove;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("replace", self.replace);
    visit("add", self.add);
    visit("remove", self.remove);
  }
};

struct SchedulerState {
  static constexpr MessageType kType = MessageType::scheduler_state;
  bool up = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("up", self.up);
  }
};

}  // namespace dray
