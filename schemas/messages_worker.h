// Messages between scheduler and worker: sessions, attempts, progress. See messages.h.
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
#include "schemas/progress.h"
#include "schemas/run_state.h"

namespace dray {

// ── Scheduler and worker: session ───────────────────────────────────────────────────────────────

struct HeldAttempt {
  Token token;
  RunState state = RunState::starting;
  Progress progress;
  bool live_bandwidth = false;              // SET_BANDWIDTH takes effect while it runs
  uint64_t bandwidth_bytes_per_second = 0;  // in force; 0: no cap
  uint64_t bandwidth_sequence = 0;          // of the SET_BANDWIDTH that made it so; 0: of none
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("state", self.state);
    visit("progress", self.progress);
    visit.optional("live_bandwidth", self.live_bandwidth);
    visit.optional("bandwidth_bytes_per_second", self.bandwidth_bytes_per_second);
    visit.optional("bandwidth_sequence", self.bandwidth_sequence);
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
  uint64_t offer = 0;  // which life of the scheduler offers it: ACCEPT repeats it
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("lease_ms", self.lease_ms);
    visit("spec", self.spec);
    visit.optional("offer", self.offer);
  }
};

struct Accept {
  static constexpr MessageType kType = MessageType::accept;
  Token token;
  uint64_t offer = 0;  // of the ASSIGN that is accepted
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit.optional("offer", self.offer);
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

// Stop because of a durable request: a cancel, or a pause (the run goes on later, as another
// attempt).
struct StopAttempt {
  static constexpr MessageType kType = MessageType::stop_attempt;
  Token token;
  std::string reason;
  std::string asked_by;
  bool pause = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("reason", self.reason);
    visit("asked_by", self.asked_by);
    visit.optional("pause", self.pause);
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
  std::string report;          // AttemptReport as JSON; empty: nothing
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
    visit.optional("report", self.report);
  }
};

// Scheduler to worker, a picture: what each running attempt may use from now on. Sent again with
// every change; the newest counts.
struct BandwidthShare {
  Token token;
  uint64_t bytes_per_second = 0;  // 0: no cap
  uint64_t sequence = 0;          // rises with every share told; an older one is passed over
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("token", self.token);
    visit("bytes_per_second", self.bytes_per_second);
    visit.optional("sequence", self.sequence);
  }
};
struct SetBandwidth {
  static constexpr MessageType kType = MessageType::set_bandwidth;
  std::vector<BandwidthShare> shares;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("shares", self.shares);
  }
};

// Worker to scheduler: rclone renewed the login of a remote. Kept by the worker until acknowledged;
// stored only when `version` is still the remote's.
struct RemoteRefreshed {
  static constexpr MessageType kType = MessageType::remote_refreshed;
  std::string client;
  std::string remote;
  uint32_t version = 0;  // that the run was given
  std::string sealed;    // raw bytes
  std::string sealed_for;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("client", self.client);
    visit("remote", self.remote);
    visit("version", self.version);
    visit("sealed", self.sealed);
    visit("sealed_for", self.sealed_for);
  }
};
// `version` is the remote's now, 0 when it is gone; `stored` is false when somebody else changed it
// meanwhile: `current` is what it was changed to.
struct RemoteRefreshedAck {
  static constexpr MessageType kType = MessageType::remote_refreshed_ack;
  std::string client;
  std::string remote;
  uint32_t version = 0;
  bool stored = false;
  std::optional<SealedRemote> current;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("client", self.client);
    visit("remote", self.remote);
    visit("version", self.version);
    visit("stored", self.stored);
    visit.optional("current", self.current);
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

}  // namespace dray
