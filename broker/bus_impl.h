// Inside of the Bus: bus.cc (frames in and out), bus_link.cc (is the broker there), bus_ask.cc
// (questions). Nobody else includes this.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "broker/bus.h"
#include "broker/zmq_socket.h"
#include "daemon/base/event_loop.h"

namespace dray {

struct Bus::Impl {
  // What waits here because zmq's own queue is full; more is dropped and counted.
  static constexpr size_t kMaxQueueBytes = 16 << 20;
  static constexpr int kSchedulerHighWater = 64;  // frames, as the broker has it

  struct OpenFrame {
    std::string bytes;
    size_t messages = 0;
  };
  struct QueuedFrame {
    std::string address;  // scheduler only
    std::string bytes;
    size_t messages = 0;
  };
  struct Question {
    SessionId peer;
    MessageType answer{};
    Instant deadline{};
    std::string unsent;  // waits for the link
    std::function<void(Result<Envelope>)> done;
  };

  Impl(EventLoop& loop_in, BusOptions options_in);
  Status open();
  Status open_dealer();
  Status open_extras();
  SocketOptions socket_options() const;
  bool is_scheduler() const { return options.role == Role::scheduler; }
  Instant now() const { return clock.now().mono; }

  // bus.cc
  void flush();
  void flush_soon();
  void transmit(QueuedFrame frame);
  bool hand_over(const QueuedFrame& frame);
  void drain_queue();
  void receive(const ZmqIncoming& message);
  void receive_payload(const Incoming& from, std::string_view payload);
  void on_envelope(const Incoming& incoming);
  void receive_publication(const ZmqIncoming& message);

  // bus_link.cc
  void on_transport(const ZmqTransportEvent& event);
  void tick();
  void ping();
  void on_pong(const Pong& pong);
  void on_scheduler_state(bool up);
  void link_up(const Pong& pong);
  void link_down(std::string_view problem);
  void set_link(LinkState next);

  // bus_ask.cc
  void ask(SessionId peer, std::string message, uint64_t id, MessageType answer, Duration timeout,
           std::function<void(Result<Envelope>)> done);
  void append_encoded(SessionId to, std::string_view message);
  bool take_answer(const Incoming& incoming);
  void send_waiting_questions();
  void fail_questions(const Error& error, std::optional<SessionId> peer);
  void expire_questions();
  void arm_questions();
  void finish(uint64_t id, Result<Envelope> answer);

  EventLoop& loop;
  BusOptions options;
  SystemClock clock;
  ZmqContext context;
  BusCounters counters;
  LinkState link;
  SessionId session;  // as the broker's last PONG said
  bool connected = false;
  Instant last_sent{};
  Instant last_received{};

  std::unique_ptr<ZmqSocket> dealer;
  std::unique_ptr<ZmqSocket> progress;
  std::unique_ptr<ZmqSocket> events;
  Timer heartbeat;
  Timer question_timer;

  std::map<SessionId, OpenFrame> frames;
  std::string discarded;  // where messages go while the broker is away
  std::deque<QueuedFrame> queue;
  size_t queue_bytes = 0;
  bool flush_asked = false;

  uint64_t last_ask_id = kFirstAskId;
  std::map<uint64_t, Question> questions;
  std::set<std::pair<Instant, uint64_t>> deadlines;

  MessageHandler message_handler;
  LinkHandler link_handler;
  std::map<std::string, std::shared_ptr<PublicationHandler>> subscriptions;

  // Ends callbacks of what was posted before the Bus went.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

}  // namespace dray
