// How every other process speaks through the broker. One Bus is one peer: a DEALER socket for facts
// and, where its role has them, a PUB socket (worker: progress out) and a SUB socket (ops,
// notifier: progress and events in).
//
// Thread: everything, callbacks included, runs on the thread of the EventLoop given to open(). A
// callback may call any member of the Bus, but may not destroy it.
//
// Delivery: at most once, in order per destination. Nothing is stored: what is sent while the
// broker is away is dropped and counted, and whoever sent a fact repeats it until it is
// acknowledged. After on_link() reports a new broker_epoch or a scheduler that came (back) up, say
// HELLO again.
//
// Cost: messages to one destination share a frame (limits::kBatchBytes), flushed at the end of the
// loop turn, after the hooks that were asked for before; send() is an append to a string.
//
// Free of asio and zmq on purpose: everybody includes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/topics.h"
#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "schemas/codec.h"

namespace dray {

class EventLoop;

// Keys in Z85 text (40 characters). broker/curve.h reads and makes them.
struct CurveClient {
  std::string server_key;  // the broker's public key, known beforehand
  std::string public_key;
  SecretString secret_key;
};

struct BusOptions {
  Role role = Role::ops;
  std::string name;     // how this peer calls itself: worker's name, "drayd", "dray@host"
  std::string version;  // of the program
  uint64_t epoch = 0;   // scheduler, worker: rises with every start of the program

  std::string endpoint;              // "ipc:///run/dray/worker.sock", "tcp://host:port"
  std::string progress_endpoint;     // worker: where progress is published; empty: nowhere
  std::string events_endpoint;       // ops, notifier: where subscribe() listens; empty: nowhere
  std::optional<CurveClient> curve;  // needed for tcp

  // Questions asked while the broker is away wait for it this long, then fail: unavailable.
  Duration connect_timeout = seconds{3};
  // A peer with nothing to say PINGs this often; the broker counts as gone after
  // `heartbeats_missed`.
  Duration heartbeat = limits::kHeartbeat;
  int heartbeats_missed = limits::kHeartbeatsMissed;
};

// broker_epoch is another number after every start of the broker.
struct LinkState {
  bool broker_up = false;
  bool scheduler_up = false;  // false whenever broker_up is false
  uint64_t broker_epoch = 0;  // 0: never connected
  std::string problem;        // why the link is down, for people; "" when it is up
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// One message that arrived. Borrowed: valid inside the callback only.
struct Incoming {
  // At the scheduler: which peer the broker proved it to be; session 0 is the broker itself (role
  // and name mean nothing then). At everybody else: 0, it comes from the scheduler or the broker.
  SessionId from;
  Role from_role = Role::scheduler;
  std::string_view from_name;
  const Envelope& envelope;
};

struct BusCounters {
  uint64_t frames_sent = 0;
  uint64_t messages_sent = 0;
  uint64_t frames_received = 0;
  uint64_t messages_received = 0;
  uint64_t dropped_away = 0;      // messages sent while the broker was away
  uint64_t dropped_full = 0;      // messages that found the outgoing queue full
  uint64_t dropped_oversize = 0;  // messages over limits::kMaxFrameBytes
  uint64_t damaged_frames = 0;    // incoming
};

// What answers which question.
template <class Question>
struct AnswerOf;
template <>
struct AnswerOf<Request> {
  using type = Response;
};
template <>
struct AnswerOf<Enqueue> {
  using type = Enqueued;
};
template <>
struct AnswerOf<CancelRequest> {
  using type = CancelReply;
};
template <>
struct AnswerOf<Probe> {
  using type = ProbeResult;
};
template <>
struct AnswerOf<LogRead> {
  using type = LogChunk;
};
template <>
struct AnswerOf<WorkerQuery> {
  using type = WorkerAnswer;
};

class Bus {
 public:
  using MessageHandler = std::function<void(const Incoming&)>;
  using LinkHandler = std::function<void(const LinkState&)>;
  using PublicationHandler = std::function<void(std::string_view topic, const Envelope&)>;
  template <class Answer>
  using AnswerHandler = std::function<void(Result<Answer>)>;

  // Ids of ask() start here; ids that callers give to send() themselves stay below.
  static constexpr uint64_t kFirstAskId = uint64_t{1} << 62;

  // Starts to connect and goes on trying for ever. invalid: an endpoint or key is malformed.
  static Result<std::unique_ptr<Bus>> open(EventLoop& loop, BusOptions options);
  ~Bus();  // what is still on its way is lost; open questions are dropped without a call
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Every message but: answers to ask(), PONG, SCHEDULER_STATE. A NACK to a send() arrives here.
  void on_message(MessageHandler handler);
  // On every change of link().
  void on_link(LinkHandler handler);
  const LinkState& link() const;
  const BusCounters& counters() const;

  // To the scheduler; from the scheduler: to the broker itself (OWNERS, EVENT). False: dropped.
  template <class Message>
  bool send(const Message& message, uint64_t id = 0) {
    return send_to(SessionId{}, message, id);
  }
  // Scheduler only: to one peer. A session that is gone is answered by PEER_GONE, not by an error.
  template <class Message>
  bool send_to(SessionId to, const Message& message, uint64_t id = 0) {
    std::string& frame = open_frame(to);
    const size_t before = frame.size();
    append_message(frame, message, id);
    return close_frame(to, before);
  }
  // Hands all open frames to the sockets now, before the end of the loop turn.
  void flush();

  // Exactly one call of `done`, never from inside ask(): the answer; the error of a NACK; timeout:
  // no answer in time, the outcome is unknown; unavailable: broker or drayd is away, or went away
  // with the question (the message says which; the outcome is unknown then, too).
  template <class Question>
  void ask(const Question& question, Duration timeout,
           AnswerHandler<typename AnswerOf<Question>::type> done) {
    ask_peer(SessionId{}, question, timeout, std::move(done));
  }
  // Scheduler only: the same to one peer; unavailable also when that peer is reported gone.
  template <class Question>
  void ask_peer(SessionId peer, const Question& question, Duration timeout,
                AnswerHandler<typename AnswerOf<Question>::type> done) {
    using Answer = typename AnswerOf<Question>::type;
    const uint64_t id = next_ask_id();
    ask_encoded(peer, encode_message(question, id), id, Answer::kType, timeout,
                [done = std::move(done)](Result<Envelope> answer) {
                  if (answer) {
                    done(answer->template decode<Answer>());
                  } else {
                    done(std::unexpected(std::move(answer.error())));
                  }
                });
  }

  // Worker only: a picture; dropped without a word when the way is full or the broker away.
  void publish_progress(const RunProgress& progress);
  // Scheduler only: to all subscribers, through the broker. Same as send().
  void publish_event(const EventMessage& event) { send(event); }

  // Ops and notifier: "e" all events, "p" the progress of all runs, "p.<run>" of one run. The last
  // known picture of every matching run comes first; a picture may come twice (compare `sequence`).
  // Subscribing twice replaces the handler.
  void subscribe(const std::string& topic, PublicationHandler handler);
  void unsubscribe(const std::string& topic);

 private:
  struct Impl;
  explicit Bus(std::unique_ptr<Impl> impl);
  std::string& open_frame(SessionId to);
  bool close_frame(SessionId to, size_t before);
  uint64_t next_ask_id();
  void ask_encoded(SessionId peer, std::string message, uint64_t id, MessageType answer,
                   Duration timeout, std::function<void(Result<Envelope>)> done);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
