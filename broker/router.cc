#include "broker/router.h"

#include <utility>

#include "broker/decode_one.h"
#include "broker/permissions.h"
#include "broker/stamp.h"
#include "broker/topics.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

constexpr size_t kMaxLoggedBytes = 200;  // of a reason that quotes a peer

}  // namespace

void Router::step(RouterEvent event, Instant now, std::vector<RouterAction>& actions) {
  now_ = now;
  actions_ = &actions;
  std::visit([this](auto&& one) { on(std::move(one)); }, std::move(event));
  actions_ = nullptr;
}

void Router::on(router_event::Frame&& frame) {
  ++counters_.frames;
  Session* session = find_or_make(frame);
  if (session == nullptr) return;
  session->last_heard = now_;
  session->next_probe = now_ + options_.heartbeat * 3 / 2;
  if (session->role() == Role::scheduler) {
    on_scheduler_frame(*session, std::move(frame));
  } else {
    on_peer_frame(*session, std::move(frame));
  }
}

// ── From peers ──────────────────────────────────────────────────────────────────────────────────

bool Router::may_forward_whole(const Session& from) const {
  if (!from.named() || scheduler_ == nullptr) return false;
  for (const MessageHead& head : heads_) {
    const Permission* permission = find_permission(head.type);
    if (permission == nullptr || head.type == MessageType::hello ||
        !permission->to_scheduler.has(from.role()))
      return false;
  }
  return true;
}

void Router::on_peer_frame(Session& session, router_event::Frame&& frame) {
  Replies replies;
  if (const Status read = read_heads(frame.payload, heads_); !read) {
    nack(session, 0, ErrorCode::invalid, read.error().message, replies.to_peer);
  } else {
    counters_.messages += heads_.size();
    if (may_forward_whole(session)) {
      actions_->push_back(router_action::Send{scheduler_->link, session.stamp,
                                              std::move(frame.payload), session.id});
      return;
    }
    for (const MessageHead& head : heads_)
      on_message(session, head, replies);
  }
  if (!replies.to_scheduler.empty() && scheduler_ != nullptr)
    actions_->push_back(router_action::Send{scheduler_->link, session.stamp,
                                            std::move(replies.to_scheduler), session.id});
  if (!replies.to_peer.empty()) send(session, std::move(replies.to_peer));
}

void Router::on_message(Session& session, const MessageHead& head, Replies& replies) {
  const Permission* permission = find_permission(head.type);
  if (permission == nullptr)
    return nack(session, head.id, ErrorCode::invalid,
                fmt::format("unknown message type {}", static_cast<int>(head.type)),
                replies.to_peer);
  if (permission->to_broker.has(session.role())) {
    on_ping(session, head, replies.to_peer);
    return;
  }
  if (permission->uploading.has(session.role()))
    return session.named() ? on_upload(session, head, replies.to_peer)
                           : on_unnamed(session, head, replies);
  if (!permission->to_scheduler.has(session.role()))
    return nack(
        session, head.id, ErrorCode::denied,
        fmt::format("a {} may not send {}", to_string(session.role()), to_string(head.type)),
        replies.to_peer);
  if (head.type == MessageType::hello && !take_hello(session, head, replies.to_peer)) return;
  if (!session.named()) return on_unnamed(session, head, replies);
  if (scheduler_ != nullptr) {
    replies.to_scheduler.append(head.bytes);
  } else if (head.id != 0) {  // facts carry no id: their senders repeat them anyway
    append_message(replies.to_peer,
                   Nack{static_cast<uint8_t>(ErrorCode::unavailable), "drayd is not running"},
                   head.id);
  }
}

void Router::on_unnamed(Session& session, const MessageHead& head, Replies& replies) {
  if (replies.to_peer.empty())
    append_message(replies.to_peer, Pong{options_.broker_epoch, scheduler_up(), SessionId{}});
  nack(session, head.id, ErrorCode::unavailable, "unknown peer: PING first", replies.to_peer);
}

Status Router::check_name(const Session& session, std::string_view name) const {
  if (name.empty() || name.size() > limits::kMaxNameBytes || !is_plain_text(name))
    return fail(ErrorCode::invalid, "name: must be 1 to {} printable bytes", limits::kMaxNameBytes);
  const bool has_key = !session.credential.key_id.empty();
  // A person's command need not know how the broker calls the key that it holds.
  if (has_key && session.role() != Role::worker) return {};
  const std::string& fixed = has_key ? session.credential.name : session.name;
  if (!fixed.empty() && fixed != name)
    return fail(ErrorCode::denied, "name: this {} is '{}', not '{}'",
                has_key ? "key" : "connection", fixed, name);
  return {};
}

void Router::on_ping(Session& session, const MessageHead& head, std::string& reply) {
  const Result<Ping> ping = decode_one<Ping>(head.bytes);
  Status good = ping ? check_name(session, ping->name) : Status(std::unexpected(ping.error()));
  if (!good) return nack(session, head.id, good.error().code, good.error().message, reply);
  const SessionId id = session.id;
  const bool has_key = !session.credential.key_id.empty();
  name_session(session, has_key ? session.credential.name : ping->name, ping->epoch);
  if (sessions_.contains(id))  // an older drayd than the connected one is gone by now
    append_message(reply, Pong{options_.broker_epoch, scheduler_up(), id}, head.id);
}

// A HELLO whose name the key or the connection contradicts is refused here.
bool Router::take_hello(Session& session, const MessageHead& head, std::string& reply) {
  const Result<Hello> hello = decode_one<Hello>(head.bytes);
  Status good = hello ? check_name(session, hello->name) : Status(std::unexpected(hello.error()));
  if (!good) {
    nack(session, head.id, good.error().code, good.error().message, reply);
    return false;
  }
  name_session(session, hello->name, hello->epoch);
  return true;
}

// ── From the scheduler ──────────────────────────────────────────────────────────────────────────

void Router::on_scheduler_frame(Session& session, router_event::Frame&& frame) {
  std::string reply;
  const auto address = decode_address(frame.address);
  const Status read = read_heads(frame.payload, heads_);
  if (!address || !read) {
    nack(session, 0, ErrorCode::invalid, address ? read.error().message : "no receiver", reply);
    return send(session, std::move(reply));
  }
  counters_.messages += heads_.size();
  if (!*address) return broker_frame(session, heads_);
  if (&session != scheduler_) {
    append_message(reply, Pong{options_.broker_epoch, scheduler_up(), SessionId{}});
    return send(session, std::move(reply));
  }
  const auto to = sessions_.find(*address);
  if (to == sessions_.end()) {
    append_message(reply, PeerGone{*address, Role::worker, "", "unknown session"});
    return send(session, std::move(reply));
  }
  deliver(to->second, std::move(frame), heads_);
}

void Router::deliver(Session& to, router_event::Frame&& frame,
                     const std::vector<MessageHead>& heads) {
  std::string allowed;
  std::string reply;
  for (const MessageHead& head : heads) {
    const Permission* permission = find_permission(head.type);
    if (permission != nullptr && permission->from_scheduler.has(to.role())) {
      allowed.append(head.bytes);
    } else {
      nack(*scheduler_, head.id, ErrorCode::denied,
           fmt::format("a {} is not sent {}", to_string(to.role()), to_string(head.type)), reply);
    }
  }
  if (reply.empty() && allowed.size() == frame.payload.size())
    send(to, std::move(frame.payload));
  else if (!allowed.empty())
    send(to, std::move(allowed));
  if (!reply.empty()) send(*scheduler_, std::move(reply));
}

void Router::broker_frame(Session& session, const std::vector<MessageHead>& heads) {
  std::string reply;
  std::string events;
  const SessionId own = session.id;
  for (const MessageHead& head : heads) {
    const Permission* permission = find_permission(head.type);
    if (permission == nullptr || !permission->to_broker.has(Role::scheduler)) {
      nack(session, head.id, ErrorCode::denied, "not a message for the broker", reply);
    } else if (head.type == MessageType::ping) {
      on_ping(session, head, reply);
      if (!sessions_.contains(own)) return;  // an older scheduler: it got GOODBYE
    } else if (&session != scheduler_) {
      append_message(reply, Pong{options_.broker_epoch, scheduler_up(), SessionId{}});
    } else if (head.type == MessageType::event) {
      events.append(head.bytes);
    } else if (const Result<Owners> owners = decode_one<Owners>(head.bytes); owners) {
      board_.apply(*owners);
      uploads_.keep_owned(board_);
    } else {
      nack(session, head.id, ErrorCode::invalid, owners.error().message, reply);
    }
  }
  if (!events.empty())
    actions_->push_back(
        router_action::Publish{{std::string(kEventTopic), std::move(events)}, std::nullopt});
  if (!reply.empty()) send(session, std::move(reply));
}

// Facts among them are repeated by their sender.
void Router::on(router_event::Undelivered&& event) {
  const auto from = sessions_.find(event.from);
  if (from == sessions_.end() || !read_heads(event.payload, heads_)) return;
  counters_.refused += heads_.size();
  std::string reply;
  for (const MessageHead& head : heads_)
    if (head.id != 0)
      append_message(reply,
                     Nack{static_cast<uint8_t>(ErrorCode::exhausted),
                          "drayd is busy with what this peer sent before: try again later"},
                     head.id);
  if (!reply.empty()) send(from->second, std::move(reply));
}

// ── Pictures ────────────────────────────────────────────────────────────────────────────────────

void Router::on(router_event::Progress&& event) {
  const Status read = read_frame(event.payload, [&](const Envelope& envelope) {
    Result<RunProgress> progress = envelope.decode<RunProgress>();
    Result<Publication> publication =
        progress ? board_.accept(std::move(*progress), event.credential.name)
                 : Result<Publication>(std::unexpected(progress.error()));
    if (publication) {
      actions_->push_back(router_action::Publish{std::move(*publication), std::nullopt});
    } else {
      ++counters_.progress_refused;
    }
  });
  if (!read) ++counters_.progress_refused;
}

void Router::on(router_event::Subscribed&& event) {
  board_.replay(event.topic, [&](const Publication& publication) {
    actions_->push_back(router_action::Publish{publication, event.door});
  });
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void Router::nack(Session& session, uint64_t id, ErrorCode code, std::string_view why,
                  std::string& reply) {
  ++counters_.refused;
  if (now_ - session.nack_window >= seconds{1}) {
    session.nack_window = now_;
    session.nacks = 0;
  }
  if (session.nacks == kMaxNacksPerSecond) return;
  ++session.nacks;
  const std::string text = shorten(why, kMaxLoggedBytes);
  append_message(reply, Nack{static_cast<uint8_t>(code), text}, id);
  note(LogLevel::warn, "broker.refused", fmt::format("{}: {}", describe(session), text));
}

void Router::send(const Session& to, std::string payload, SessionId lane) {
  static const std::string kBrokerStamp = encode_stamp({});
  const bool stamped = to.role() == Role::scheduler;
  actions_->push_back(router_action::Send{to.link, stamped ? kBrokerStamp : std::string(),
                                          std::move(payload), lane});
}

void Router::note(LogLevel level, const char* event, std::string text) {
  actions_->push_back(router_action::Note{level, event, std::move(text)});
}

}  // namespace dray
