// Every message there is, declared once: a struct, its type number and its fields in wire order.
// The same declaration serves encode, decode, the protocol document's tests and log lines.
//
// PROTOCOL.md says who sends what to whom and what the answers are. Numbers and field positions are
// append-only: a field is added at the end, as optional, and never removed or retyped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job.h"
#include "schemas/outcome.h"
#include "schemas/progress.h"
#include "schemas/run_state.h"

namespace dray {

// Who a peer is. Proven by the socket it came in on and its key, never by a field.
enum class Role : uint8_t { scheduler = 1, worker = 2, ops = 3, notifier = 4 };

template <>
struct EnumNames<Role> {
  static constexpr std::string_view kWhat = "role";
  static constexpr EnumRow<Role> kRows[] = {{Role::scheduler, "scheduler"},
                                            {Role::worker, "worker"},
                                            {Role::ops, "ops"},
                                            {Role::notifier, "notifier"}};
};

enum class MessageType : uint16_t {
  // Broker and any peer.
  ping = 1,
  pong = 2,
  nack = 3,
  // Broker and scheduler.
  peer_up = 10,
  peer_gone = 11,
  owners = 12,
  scheduler_state = 13,
  // Scheduler and worker: session.
  hello = 20,
  welcome = 21,
  goodbye = 22,
  renew = 23,
  renewed = 24,
  // Scheduler and worker: attempts.
  assign = 30,
  accept = 31,
  reject = 32,
  start = 33,
  withdraw = 34,
  stop_attempt = 35,
  result = 36,
  result_ack = 37,
  stale = 38,
  run_progress = 39,
  // Operators and scheduler.
  request = 50,
  response = 51,
  enqueue = 52,
  enqueued = 53,
  cancel_request = 54,
  cancel_reply = 55,
  // Scheduler and worker on behalf of an operator.
  probe = 60,
  probe_result = 61,
  log_read = 62,
  log_chunk = 63,
  // Scheduler to everybody who listens.
  event = 70,
};

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

// ── Scheduler and worker: session ───────────────────────────────────────────────────────────────

struct HeldAttempt {
  Token token;
  RunState state = RunState::starting;
  Progress progress;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("state", self.state);
    visit("progress", self.progress);
  }
};

struct Hello {
  static constexpr MessageType kType = MessageType::hello;
  std::string name;
  uint64_t epoch = 0;
  std::string boot_id;
  std::string version;
  std::string rclone_version;
  uint32_t slots = 0;
  std::string public_key;         // raw 32 bytes: what remotes are sealed to
  std::vector<HeldAttempt> held;  // accepted or started, and not yet acknowledged as ended
  bool draining = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("epoch", self.epoch);
    visit("boot_id", self.boot_id);
    visit("version", self.version);
    visit("rclone_version", self.rclone_version);
    visit("slots", self.slots);
    visit("public_key", self.public_key);
    visit("held", self.held);
    visit("draining", self.draining);
  }
};

struct Welcome {
  static constexpr MessageType kType = MessageType::welcome;
  uint64_t scheduler_epoch = 0;
  uint64_t lease_ms = 0;
  uint64_t heartbeat_ms = 0;
  std::vector<Token> stale;  // held attempts that are no longer the worker's: stop and forget
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("scheduler_epoch", self.scheduler_epoch);
    visit("lease_ms", self.lease_ms);
    visit("heartbeat_ms", self.heartbeat_ms);
    visit("stale", self.stale);
  }
};

// Scheduler to worker: this session is refused (another worker of that name with a higher epoch,
// another key). The worker stops its attempts and ends.
struct Goodbye {
  static constexpr MessageType kType = MessageType::goodbye;
  std::string why;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("why", self.why);
  }
};

struct Renew {
  static constexpr MessageType kType = MessageType::renew;
  uint64_t epoch = 0;
  uint64_t round = 0;  // counts up; the answer carries it back
  uint32_t free_slots = 0;
  bool draining = false;
  std::vector<HeldAttempt> held;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("epoch", self.epoch);
    visit("round", self.round);
    visit("free_slots", self.free_slots);
    visit("draining", self.draining);
    visit("held", self.held);
  }
};

// The lease of every attempt in `renewed` now ends lease_ms after the worker SENT that round.
struct Renewed {
  static constexpr MessageType kType = MessageType::renewed;
  uint64_t round = 0;
  uint64_t lease_ms = 0;
  std::vector<Token> renewed;
  std::vector<Token> cancel;  // cancel was asked for; repeated until the worker reports the end
  std::vector<Token> stale;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("round", self.round);
    visit("lease_ms", self.lease_ms);
    visit("renewed", self.renewed);
    visit("cancel", self.cancel);
    visit("stale", self.stale);
  }
};

// ── Scheduler and worker: attempts ──────────────────────────────────────────────────────────────

struct Assign {
  static constexpr MessageType kType = MessageType::assign;
  Token token;
  uint64_t lease_ms = 0;
  RunSpec spec;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("lease_ms", self.lease_ms);
    visit("spec", self.spec);
  }
};

struct Accept {
  static constexpr MessageType kType = MessageType::accept;
  Token token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

struct Reject {
  static constexpr MessageType kType = MessageType::reject;
  Token token;
  std::string why;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("why", self.why);
  }
};

// Sent after the ACCEPT is committed; nothing is spawned before it. The lease counts from the
// moment the worker sent the ACCEPT.
struct Start {
  static constexpr MessageType kType = MessageType::start;
  Token token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

struct Withdraw {
  static constexpr MessageType kType = MessageType::withdraw;
  Token token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

// Stop because of a durable cancel request.
struct StopAttempt {
  static constexpr MessageType kType = MessageType::stop_attempt;
  Token token;
  std::string reason;
  std::string asked_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("reason", self.reason);
    visit("asked_by", self.asked_by);
  }
};

// How an attempt ended. Spooled to the worker's disk before the first send, repeated until
// RESULT_ACK or STALE.
struct AttemptResult {
  static constexpr MessageType kType = MessageType::result;
  Token token;
  Outcome outcome = Outcome::none;
  ErrorClass error_class = ErrorClass::none;
  bool retry = false;         // another attempt may help
  std::string hint;           // one sentence the user can act on
  std::string deciding_line;  // the log line that decided, cleaned
  uint64_t bytes = 0;
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;
  int32_t exit_code = -1;  // -1: none
  int32_t signal = 0;      // 0: none
  WallTime started_at{};   // by the worker's clock, for display
  WallTime ended_at{};
  uint64_t duration_ms = 0;  // elapsed, by the boot clock
  std::string log_excerpt;
  uint64_t log_bytes = 0;  // of the full log on the worker
  std::string rclone_version;
  bool never_started = false;  // nothing was spawned: failed while preparing
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("outcome", self.outcome);
    visit("error_class", self.error_class);
    visit("retry", self.retry);
    visit("hint", self.hint);
    visit("deciding_line", self.deciding_line);
    visit("bytes", self.bytes);
    visit("files", self.files);
    visit("checks", self.checks);
    visit("deletes", self.deletes);
    visit("errors", self.errors);
    visit("exit_code", self.exit_code);
    visit("signal", self.signal);
    visit("started_at", self.started_at);
    visit("ended_at", self.ended_at);
    visit("duration_ms", self.duration_ms);
    visit("log_excerpt", self.log_excerpt);
    visit("log_bytes", self.log_bytes);
    visit("rclone_version", self.rclone_version);
    visit("never_started", self.never_started);
  }
};

struct ResultAck {
  static constexpr MessageType kType = MessageType::result_ack;
  Token token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

// The token is not current: stop that attempt and forget it, its result included.
struct Stale {
  static constexpr MessageType kType = MessageType::stale;
  Token token;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
  }
};

// A picture, published by workers and, once its sender is checked, by the broker.
struct RunProgress {
  static constexpr MessageType kType = MessageType::run_progress;
  Token token;
  uint64_t sequence = 0;  // rises within an attempt; an older picture is dropped
  RunState state = RunState::running;
  Progress progress;
  std::string job;     // filled in by the broker from OWNERS
  std::string client;  // filled in by the broker from OWNERS
  std::string worker;  // filled in by the broker
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("sequence", self.sequence);
    visit("state", self.state);
    visit("progress", self.progress);
    visit.optional("job", self.job);
    visit.optional("client", self.client);
    visit.optional("worker", self.worker);
  }
};

// ── Operators and scheduler ─────────────────────────────────────────────────────────────────────

// A question or a change, by verb (schemas/verbs.h); the body is a JSON object.
struct Request {
  static constexpr MessageType kType = MessageType::request;
  std::string verb;
  std::string body;
  std::string asked_by;         // the person, as the peer names them; shown beside the proven peer
  std::string idempotency_key;  // same key, same answer, for 24 h; empty: none
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("verb", self.verb);
    visit("body", self.body);
    visit("asked_by", self.asked_by);
    visit.optional("idempotency_key", self.idempotency_key);
  }
};

// `code` 0 is success and `body` is the answer; otherwise ErrorCode + 1.
struct Response {
  static constexpr MessageType kType = MessageType::response;
  uint8_t code = 0;
  std::string message;
  std::string body;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
    visit("body", self.body);
  }
};

// Run a job now.
struct Enqueue {
  static constexpr MessageType kType = MessageType::enqueue;
  std::string job;
  std::string asked_by;
  std::string idempotency_key;
  bool dry_run = false;
  std::optional<int32_t> priority;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("asked_by", self.asked_by);
    visit.optional("idempotency_key", self.idempotency_key);
    visit.optional("dry_run", self.dry_run);
    visit.optional("priority", self.priority);
  }
};

// Sent after the commit. `code` 0: run is queued; otherwise ErrorCode + 1, and `run` is the run in
// the way, if any.
struct Enqueued {
  static constexpr MessageType kType = MessageType::enqueued;
  uint8_t code = 0;
  std::string message;
  RunId run;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
    visit("run", self.run);
  }
};

// Exactly one of runs, job, client, all chooses what is cancelled.
struct CancelRequest {
  static constexpr MessageType kType = MessageType::cancel_request;
  std::vector<RunId> runs;
  std::string job;
  std::string client;
  bool all = false;
  std::string reason;
  std::string asked_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
    visit("job", self.job);
    visit("client", self.client);
    visit("all", self.all);
    visit("reason", self.reason);
    visit("asked_by", self.asked_by);
  }
};

struct CancelRow {
  RunId run;
  uint8_t code = 0;                   // 0: the request is durable; otherwise ErrorCode + 1
  RunState state = RunState::queued;  // after this request
  std::string message;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("code", self.code);
    visit("state", self.state);
    visit("message", self.message);
  }
};

// Sent after the commit.
struct CancelReply {
  static constexpr MessageType kType = MessageType::cancel_reply;
  uint8_t code = 0;
  std::string message;
  std::vector<CancelRow> rows;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
    visit("rows", self.rows);
  }
};

// ── Scheduler and worker on behalf of an operator ───────────────────────────────────────────────

// List the top of a remote to see whether it works. Not durable.
struct Probe {
  static constexpr MessageType kType = MessageType::probe;
  Endpoint endpoint;
  std::vector<SealedRemote> remotes;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("endpoint", self.endpoint);
    visit("remotes", self.remotes);
  }
};

struct ProbeResult {
  static constexpr MessageType kType = MessageType::probe_result;
  bool ok = false;
  ErrorClass error_class = ErrorClass::none;
  std::string hint;
  std::string deciding_line;
  std::vector<std::string> entries;  // a few names, directories end in "/"
  uint64_t entries_total = 0;
  uint64_t duration_ms = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("ok", self.ok);
    visit("error_class", self.error_class);
    visit("hint", self.hint);
    visit("deciding_line", self.deciding_line);
    visit("entries", self.entries);
    visit("entries_total", self.entries_total);
    visit("duration_ms", self.duration_ms);
  }
};

struct LogRead {
  static constexpr MessageType kType = MessageType::log_read;
  RunId run;
  uint32_t attempt = 0;
  uint64_t offset = 0;  // into the raw log
  uint32_t max_bytes = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("attempt", self.attempt);
    visit("offset", self.offset);
    visit("max_bytes", self.max_bytes);
  }
};

struct LogChunk {
  static constexpr MessageType kType = MessageType::log_chunk;
  uint8_t code = 0;  // 0 or ErrorCode + 1
  std::string message;
  std::string data;
  uint64_t next_offset = 0;
  uint64_t total_bytes = 0;
  bool ended = false;  // the attempt is over: nothing follows total_bytes
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
    visit("data", self.data);
    visit("next_offset", self.next_offset);
    visit("total_bytes", self.total_bytes);
    visit("ended", self.ended);
  }
};

// ── Scheduler to everybody who listens ──────────────────────────────────────────────────────────

// A committed fact. `sequence` has no gaps: who sees one asks for the missing events by verb
// "events.list". The publication itself is only a doorbell.
struct EventMessage {
  static constexpr MessageType kType = MessageType::event;
  uint64_t sequence = 0;
  WallTime at{};
  std::string kind;  // "run.queued", "job.created"
  std::string client;
  std::string job;
  RunId run;
  std::string body;  // JSON object
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("sequence", self.sequence);
    visit("at", self.at);
    visit("kind", self.kind);
    visit("client", self.client);
    visit("job", self.job);
    visit("run", self.run);
    visit("body", self.body);
  }
};

// Every message type once: DRAY_MESSAGES(X) calls X(Struct, enumerator).
#define DRAY_MESSAGES(X)                                                                           \
  X(Ping, ping)                                                                                    \
  X(Pong, pong) X(Nack, nack) X(PeerUp, peer_up) X(PeerGone, peer_gone) X(Owners, owners)          \
      X(SchedulerState, scheduler_state) X(Hello, hello) X(Welcome, welcome) X(Goodbye, goodbye)   \
          X(Renew, renew) X(Renewed, renewed) X(Assign, assign) X(Accept, accept)                  \
              X(Reject, reject) X(Start, start) X(Withdraw, withdraw) X(StopAttempt, stop_attempt) \
                  X(AttemptResult, result) X(ResultAck, result_ack) X(Stale, stale)                \
                      X(RunProgress, run_progress) X(Request, request) X(Response, response)       \
                          X(Enqueue, enqueue) X(Enqueued, enqueued)                                \
                              X(CancelRequest, cancel_request) X(CancelReply, cancel_reply)        \
                                  X(Probe, probe) X(ProbeResult, probe_result)                     \
                                      X(LogRead, log_read) X(LogChunk, log_chunk)                  \
                                          X(EventMessage, event)

template <>
struct EnumNames<MessageType> {
  static constexpr std::string_view kWhat = "message type";
#define DRAY_ROW(Struct, name) {MessageType::name, #name},
  static constexpr EnumRow<MessageType> kRows[] = {DRAY_MESSAGES(DRAY_ROW)};
#undef DRAY_ROW
};

}  // namespace dray
