// Messages between operators and the scheduler, what the scheduler asks a worker on their behalf,
// and the events that everybody may listen to. See messages.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job.h"
#include "schemas/message_type.h"
#include "schemas/outcome.h"
#include "schemas/run_state.h"

namespace dray {

// ── Operators and scheduler ─────────────────────────────────────────────────────────────────────

// On whose behalf the notifier asks: it proved who they are, the scheduler decides what they may
// (daemon/scheduler/reach.h). Peers that act for themselves leave it empty.
struct Acting {
  uint8_t scope = 0;   // Scope of verbs.h; 0: nobody, the peer speaks for itself
  std::string client;  // sees and changes nothing of any other; empty: no bound
  std::string address;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("scope", self.scope);
    visit.optional("client", self.client);
    visit.optional("address", self.address);
  }
};

// A question or a change, by verb (schemas/verbs.h); the body is a JSON object.
struct Request {
  static constexpr MessageType kType = MessageType::request;
  std::string verb;
  std::string body;
  std::string asked_by;         // the person, as the peer names them; shown beside the proven peer
  std::string idempotency_key;  // same key, same answer, for 24 h; empty: none
  Acting acting{};
  // A change is made only while what it changes has this tag (etag.h); empty: in any case.
  std::string if_match{};
  // What the key stands for, where the body holds what is sealed anew each time; empty: the body.
  std::string meaning{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("verb", self.verb);
    visit("body", self.body);
    visit("asked_by", self.asked_by);
    visit.optional("idempotency_key", self.idempotency_key);
    visit.optional("acting", self.acting);
    visit.optional("if_match", self.if_match);
    visit.optional("meaning", self.meaning);
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
  RunId rerun_of;    // do again what that run did; `job` may be empty then
  std::string task;  // JSON: RunTask of run_task.h: what to restore, or the file that is handed in
  Acting acting{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("asked_by", self.asked_by);
    visit.optional("idempotency_key", self.idempotency_key);
    visit.optional("dry_run", self.dry_run);
    visit.optional("priority", self.priority);
    visit.optional("rerun_of", self.rerun_of);
    visit.optional("task", self.task);
    visit.optional("acting", self.acting);
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
  Acting acting{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
    visit("job", self.job);
    visit("client", self.client);
    visit("all", self.all);
    visit("reason", self.reason);
    visit("asked_by", self.asked_by);
    visit.optional("acting", self.acting);
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

// Any other question to a worker that needs a remote's settings or the worker's machine. Not
// durable. `kind` and the JSON in `body` are those of workers/queries.h.
struct WorkerQuery {
  static constexpr MessageType kType = MessageType::worker_query;
  std::string kind;
  std::string body;
  RunSpec spec;  // of the job in question, or only remotes and a source
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("kind", self.kind);
    visit("body", self.body);
    visit("spec", self.spec);
  }
};
struct WorkerAnswer {
  static constexpr MessageType kType = MessageType::worker_answer;
  uint8_t code = 0;  // 0 or ErrorCode + 1
  std::string message;
  std::string body;  // JSON
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("message", self.message);
    visit("body", self.body);
  }
};

// ── A file on its way from whoever hands it in to the worker that stores it ─────────────────────
// The broker passes these on between the sender and the worker that owns the attempt; nothing of
// the file passes through the scheduler. The sender gives all its chunks of a run one random id,
// and the worker's answers bear it.

// Sender to worker. Chunks come in order; no more than `window` bytes beyond what UPLOAD_STATE
// acknowledged. A token without attempt and epoch means the run's current attempt: with no data it
// asks where the worker stands.
struct UploadChunk {
  static constexpr MessageType kType = MessageType::upload_chunk;
  Token token;
  std::string ticket;
  uint64_t offset = 0;
  std::string data;
  bool last = false;   // nothing follows
  bool abort = false;  // the sender gave up
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("ticket", self.ticket);
    visit("offset", self.offset);
    visit("data", self.data);
    visit("last", self.last);
    visit("abort", self.abort);
  }
};
// Worker to sender, answering each chunk once its bytes were passed on.
struct UploadState {
  static constexpr MessageType kType = MessageType::upload_state;
  Token token;
  uint8_t code = 0;  // 0 or ErrorCode + 1: give up
  std::string message;
  uint64_t received = 0;  // bytes passed on
  uint64_t window = 0;    // bytes that may be on their way
  bool resend = false;    // something is missing: go on at `received`
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("code", self.code);
    visit("message", self.message);
    visit("received", self.received);
    visit("window", self.window);
    visit.optional("resend", self.resend);
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

}  // namespace dray
