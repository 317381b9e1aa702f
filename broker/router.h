// The broker's decisions, as a pure function: events of the sockets in, what to send out. It knows
// the peers (sessions), who may say what (permissions.h), who is alive, which scheduler counts and
// which progress may be shown (progress_board.h). It holds no truth: when it is lost, everybody
// says PING and HELLO again.
//
// Sessions: a peer gets one with its first message; its role is that of the socket (and key) it
// came through, its name that of its key, or on local sockets the one in its first PING or HELLO.
// Whatever an unknown peer says before it named itself is answered by a PONG with session 0, which
// means "PING first".
//
// The scheduler: of several, the one with the highest epoch counts (the latest of equals); others
// get GOODBYE and are not listened to.
//
// One thread. Never fails: wrong input is answered with NACK, at most kMaxNacksPerSecond per peer.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "broker/progress_board.h"
#include "broker/upload_routes.h"
#include "daemon/base/log.h"
#include "daemon/base/time.h"
#include "schemas/heads.h"

namespace dray {

// One connection, as the sockets know it: which socket and the number that it gave the peer.
struct LinkId {
  uint32_t door = 0;
  uint32_t peer = 0;
  friend auto operator<=>(const LinkId&, const LinkId&) = default;
};

// What the socket proves about a peer. `key_id` is empty on local sockets; then so is the name.
struct Credential {
  Role role = Role::ops;
  std::string name;
  std::string key_id;
};

namespace router_event {

struct Frame {
  LinkId link;
  Credential credential;
  std::string address;  // scheduler only: the frame before the payload
  std::string payload;
};
struct WrongShape {  // a message of too many or too few frames
  LinkId link;
};
struct Disconnected {  // a hint, from the transport: probe it at the next tick
  LinkId link;
};
struct Unreachable {  // a send found nobody
  LinkId link;
};
struct Stuck {  // its outgoing queue is full: it does not read
  LinkId link;
};
struct Progress {
  Credential credential;
  std::string payload;
};
struct Subscribed {
  uint32_t door = 0;
  std::string topic;
};
struct KeysChanged {  // the keys that still count
  std::unordered_set<std::string> key_ids;
};
struct Undelivered {  // drayd reads slower than this peer writes: its frame was dropped
  SessionId from;
  std::string payload;
};
struct Tick {};  // every kTickInterval, and soon after a Disconnected

}  // namespace router_event

using RouterEvent =
    std::variant<router_event::Frame, router_event::WrongShape, router_event::Disconnected,
                 router_event::Unreachable, router_event::Stuck, router_event::Progress,
                 router_event::Subscribed, router_event::KeysChanged, router_event::Undelivered,
                 router_event::Tick>;

namespace router_action {

struct Send {
  LinkId to;
  std::string stamp;  // not empty: a frame before the payload
  std::string payload;
  SessionId
      lane;  // to the scheduler: whom it comes from or is about; frames of one keep their order
};
struct Publish {
  Publication publication;
  std::optional<uint32_t> door;  // nullopt: at every events socket
};
struct Forget {  // whatever is queued for that link
  LinkId link;
};
struct Note {  // for the log
  LogLevel level = LogLevel::info;
  const char* event = "";
  std::string text;
};

}  // namespace router_action

using RouterAction = std::variant<router_action::Send, router_action::Publish,
                                  router_action::Forget, router_action::Note>;

struct RouterOptions {
  uint64_t broker_epoch = 1;  // random, 1 to 2^31 - 1: the upper half of every session id
  Duration heartbeat = limits::kHeartbeat;
  int heartbeats_missed = limits::kHeartbeatsMissed;
};

struct RouterCounters {
  uint64_t frames = 0;
  uint64_t messages = 0;
  uint64_t refused = 0;  // messages answered with NACK or dropped for a reason
  uint64_t progress_refused = 0;
};

class Router {
 public:
  static constexpr Duration kTickInterval = milliseconds{500};
  static constexpr size_t kMaxSessions = 10'000;  // further peers get NACK: exhausted
  static constexpr uint32_t kMaxNacksPerSecond = 50;
  static constexpr size_t kMaxBannedLinks = 4'096;  // the oldest is forgotten

  explicit Router(RouterOptions options) : options_(options) {}

  // Appends to `actions` what is to be done, in order.
  void step(RouterEvent event, Instant now, std::vector<RouterAction>& actions);

  bool scheduler_up() const { return scheduler_ != nullptr; }
  size_t sessions() const { return sessions_.size(); }
  const RouterCounters& counters() const { return counters_; }
  const ProgressBoard& board() const { return board_; }

 private:
  struct Session {
    SessionId id;
    LinkId link;
    Credential credential;
    std::string name;  // empty: not named yet
    uint64_t epoch = 0;
    std::string stamp;
    Instant last_heard{};
    Instant next_probe{};
    Instant nack_window{};
    uint32_t nacks = 0;
    bool named() const { return !name.empty(); }
    Role role() const { return credential.role; }
  };
  struct Replies {  // what one frame brings about, collected per direction
    std::string to_peer;
    std::string to_scheduler;
  };

  void on(router_event::Frame&& frame);
  void on(router_event::WrongShape&& event);
  void on(router_event::Disconnected&& event);
  void on(router_event::Unreachable&& event);
  void on(router_event::Stuck&& event);
  void on(router_event::Progress&& event);
  void on(router_event::Subscribed&& event);
  void on(router_event::KeysChanged&& event);
  void on(router_event::Undelivered&& event);
  void on(router_event::Tick&& event);

  // Sessions (router_sessions.cc).
  Session* find(LinkId link);
  Session* find_or_make(const router_event::Frame& frame);
  void name_session(Session& session, std::string_view name, uint64_t epoch);
  void scheduler_connected(Session& session);
  void gone(Session& session, std::string_view why, bool ban);
  void ban(LinkId link);
  void check_alive(Session& session);

  // Frames.
  void on_peer_frame(Session& session, router_event::Frame&& frame);
  void on_scheduler_frame(Session& session, router_event::Frame&& frame);
  void broker_frame(Session& session, const std::vector<MessageHead>& heads);
  void deliver(Session& to, router_event::Frame&& frame, const std::vector<MessageHead>& heads);
  bool may_forward_whole(const Session& from) const;
  void on_message(Session& session, const MessageHead& head, Replies& replies);
  void on_unnamed(Session& session, const MessageHead& head, Replies& replies);
  void on_ping(Session& session, const MessageHead& head, std::string& reply);
  // Files that are handed in (router_uploads.cc).
  void on_upload(Session& session, const MessageHead& head, std::string& reply);
  void on_chunk(Session& session, const MessageHead& head, std::string& reply);
  void on_upload_state(Session& session, const MessageHead& head, std::string& reply);
  Session* worker_named(std::string_view name);
  bool take_hello(Session& session, const MessageHead& head, std::string& reply);
  Status check_name(const Session& session, std::string_view name) const;

  void nack(Session& session, uint64_t id, ErrorCode code, std::string_view why,
            std::string& reply);
  void send(const Session& to, std::string payload, SessionId lane = {});
  void note(LogLevel level, const char* event, std::string text);
  std::string describe(const Session& session) const;
  template <class Message>
  void tell_scheduler(const Message& message);  // about message.session

  RouterOptions options_;
  RouterCounters counters_;
  ProgressBoard board_;
  UploadRoutes uploads_;
  std::map<SessionId, Session> sessions_;
  std::map<LinkId, Session*> links_;
  Session* scheduler_ = nullptr;
  uint32_t last_session_ = 0;
  std::deque<LinkId> banned_order_;
  std::set<LinkId> banned_;
  std::vector<MessageHead> heads_;  // of the frame at hand; kept for its memory

  // Of the step at hand.
  Instant now_{};
  std::vector<RouterAction>* actions_ = nullptr;
};

}  // namespace dray
