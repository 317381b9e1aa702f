// Who is there: sessions, names, liveness and which scheduler counts.
#include <utility>

#include "broker/router.h"
#include "broker/stamp.h"

namespace dray {

template <class Message>
void Router::tell_scheduler(const Message& message) {
  if (scheduler_ != nullptr) send(*scheduler_, encode_message(message), message.session);
}

Router::Session* Router::find(LinkId link) {
  const auto it = links_.find(link);
  return it == links_.end() ? nullptr : it->second;
}

Router::Session* Router::find_or_make(const router_event::Frame& frame) {
  if (Session* known = find(frame.link)) return known;
  if (banned_.contains(frame.link)) return nullptr;
  if (sessions_.size() >= kMaxSessions) {
    ++counters_.refused;
    std::string payload = encode_message(
        Nack{static_cast<uint8_t>(ErrorCode::exhausted), "the broker has too many peers"});
    const bool stamped = frame.credential.role == Role::scheduler;
    actions_->push_back(router_action::Send{
        frame.link, stamped ? encode_stamp({}) : std::string(), std::move(payload), {}});
    return nullptr;
  }
  const SessionId id{options_.broker_epoch << 32 | ++last_session_};
  Session& session = sessions_[id];
  session.id = id;
  session.link = frame.link;
  session.credential = frame.credential;
  links_[frame.link] = &session;
  return &session;
}

void Router::name_session(Session& session, std::string_view name, uint64_t epoch) {
  session.epoch = epoch;
  if (!session.named()) {
    session.name = name;
    session.stamp = encode_stamp({session.id, static_cast<uint8_t>(session.role()), session.name});
    note(LogLevel::debug, "peer.up", describe(session));
    if (session.role() != Role::scheduler)
      tell_scheduler(PeerUp{session.id, session.role(), session.name});
  }
  if (session.role() == Role::scheduler && &session != scheduler_) scheduler_connected(session);
}

void Router::scheduler_connected(Session& session) {
  Session* const old = scheduler_;
  if (old != nullptr && old->epoch > session.epoch) {
    send(session, encode_message(Goodbye{"a newer drayd is connected"}));
    return gone(session, "an older drayd than the connected one", true);
  }
  if (old != nullptr) {
    send(*old, encode_message(Goodbye{"a newer drayd is connected"}));
    gone(*old, "replaced by a newer drayd", true);
  }
  scheduler_ = &session;
  note(LogLevel::info, "scheduler.up", describe(session));
  std::string up;
  for (auto& [id, peer] : sessions_) {
    if (!peer.named() || peer.role() == Role::scheduler) continue;
    append_message(up, PeerUp{id, peer.role(), peer.name});
    if (up.size() > limits::kBatchBytes) send(session, std::exchange(up, {}));
    send(peer, encode_message(SchedulerState{true}));
  }
  if (!up.empty()) send(session, std::move(up));
}

void Router::gone(Session& session, std::string_view why, bool ban_link) {
  // The end of a person's command is no news.
  const bool routine = session.role() == Role::ops && !ban_link;
  note(routine ? LogLevel::debug : LogLevel::info, "peer.gone",
       fmt::format("{}: {}", describe(session), why));
  const LinkId link = session.link;
  const bool named = session.named();
  const PeerGone message{session.id, session.role(), session.name, std::string(why)};
  const bool was_scheduler = &session == scheduler_;
  if (was_scheduler) scheduler_ = nullptr;
  links_.erase(link);
  sessions_.erase(message.session);
  // A banned link still gets what is queued for it: the GOODBYE that says why.
  if (ban_link) {
    ban(link);
  } else {
    actions_->push_back(router_action::Forget{link});
  }
  if (was_scheduler) {
    for (auto& [id, peer] : sessions_)
      if (peer.named() && peer.role() != Role::scheduler)
        send(peer, encode_message(SchedulerState{false}));
  } else if (named && message.role != Role::scheduler) {
    tell_scheduler(message);
  }
}

// The router socket has no way to close one connection: what it brings is ignored from now on.
void Router::ban(LinkId link) {
  if (!banned_.insert(link).second) return;
  banned_order_.push_back(link);
  if (banned_order_.size() <= kMaxBannedLinks) return;
  banned_.erase(banned_order_.front());
  banned_order_.pop_front();
}

void Router::on(router_event::WrongShape&& event) {
  ++counters_.refused;
  Session* session = find(event.link);
  if (session != nullptr) return gone(*session, "sent a message of a wrong number of frames", true);
  if (!banned_.contains(event.link))
    note(LogLevel::warn, "broker.refused", "a message of a wrong number of frames");
  ban(event.link);
}

void Router::on(router_event::Disconnected&& event) {
  if (Session* session = find(event.link)) session->next_probe = now_;
}

void Router::on(router_event::Unreachable&& event) {
  if (Session* session = find(event.link)) gone(*session, "disconnected", false);
}

void Router::on(router_event::Stuck&& event) {
  if (Session* session = find(event.link)) gone(*session, "does not read its messages", false);
}

void Router::on(router_event::KeysChanged&& event) {
  std::vector<SessionId> revoked;
  for (const auto& [id, session] : sessions_) {
    const std::string& key = session.credential.key_id;
    if (!key.empty() && !event.key_ids.contains(key)) revoked.push_back(id);
  }
  for (const SessionId id : revoked)
    gone(sessions_.at(id), "its key was revoked", true);
}

void Router::on(router_event::Tick&&) {
  std::vector<SessionId> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_)
    all.push_back(id);
  for (const SessionId id : all)
    if (const auto it = sessions_.find(id); it != sessions_.end()) check_alive(it->second);
}

// A peer that is silent for one and a half heartbeats is probed: the send tells whether its
// connection still stands. Probes are few, so that a frozen peer does not wake to a pile of them.
void Router::check_alive(Session& session) {
  const Duration silent = now_ - session.last_heard;
  if (silent >= options_.heartbeat * options_.heartbeats_missed)
    return gone(session, fmt::format("silent for {} ms", to_ms(silent)), false);
  if (now_ < session.next_probe) return;
  session.next_probe = now_ + options_.heartbeat;
  send(session, encode_message(Pong{options_.broker_epoch, scheduler_up(), session.id}));
}

std::string Router::describe(const Session& session) const {
  return fmt::format("{} {}", to_string(session.role()),
                     session.named() ? session.name : std::string("(unnamed)"));
}

}  // namespace dray
