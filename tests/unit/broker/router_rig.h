// A router with named peers, without sockets: frames in, what it sends out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/router.h"
#include "broker/stamp.h"

namespace dray {

struct Seen {
  MessageType type{};
  uint64_t id = 0;
  std::string bytes;
  std::string stamp;
  template <class Message>
  Message as() const {
    Message out;
    (void)read_frame(bytes, [&](const Envelope& e) {
      if (auto message = e.decode<Message>()) out = *message;
    });
    return out;
  }
};

class RouterRig {
 public:
  static constexpr uint64_t kEpoch = 77;

  RouterRig() : router({kEpoch, seconds{2}, 5}) {}

  // Link numbers are given out in order; the door is the role's number.
  LinkId link(Role role) { return {static_cast<uint32_t>(role), ++peers_}; }

  void step(RouterEvent event) {
    std::vector<RouterAction> actions;
    router.step(std::move(event), now, actions);
    for (RouterAction& action : actions) {
      if (auto* send = std::get_if<router_action::Send>(&action)) {
        std::vector<MessageHead> heads;
        DRAY_CHECK(read_heads(send->payload, heads).has_value(), "the router sends whole frames");
        for (const MessageHead& head : heads)
          out[send->to].push_back({head.type, head.id, std::string(head.bytes), send->stamp});
      } else if (auto* publish = std::get_if<router_action::Publish>(&action)) {
        published.push_back(*publish);
      } else if (auto* note = std::get_if<router_action::Note>(&action)) {
        notes.push_back(note->event);
      }
    }
  }

  void frame(LinkId from, std::string payload, Credential credential, SessionId to = {}) {
    const bool scheduler = credential.role == Role::scheduler;
    step(router_event::Frame{from, std::move(credential),
                             scheduler ? encode_address(to) : std::string(), std::move(payload)});
  }
  template <class Message>
  void say(LinkId from, const Message& message, uint64_t id = 0, SessionId to = {}) {
    frame(from, encode_message(message, id), {static_cast<Role>(from.door), "", ""}, to);
  }

  // Connected, named, and its PONG and announcements taken out of sight.
  LinkId join(Role role, const std::string& name, uint64_t epoch = 1) {
    const LinkId at = link(role);
    say(at, Ping{name, "1", epoch});
    for (const Seen& seen : out[at])
      if (seen.type == MessageType::pong) session[at] = seen.as<Pong>().session;
    clear();
    return at;
  }

  void clear() {
    out.clear();
    published.clear();
    notes.clear();
  }
  void advance(Duration by) { now += by; }
  std::vector<MessageType> types(LinkId at) {
    std::vector<MessageType> list;
    for (const Seen& seen : out[at])
      list.push_back(seen.type);
    return list;
  }

  Router router;
  Instant now{hours{1}};
  std::map<LinkId, std::vector<Seen>> out;
  std::map<LinkId, SessionId> session;
  std::vector<router_action::Publish> published;
  std::vector<std::string> notes;

 private:
  uint32_t peers_ = 0;
};

}  // namespace dray
