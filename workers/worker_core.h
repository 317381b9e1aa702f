// The worker's side of the protocol, pure: sessions, offers, leases, results. The shell
// (workers/service.h) and the simulator feed it events and carry out its actions.
//
// Rules it keeps:
//   * Nothing is started before START. ACCEPT is repeated until START, STALE or WITHDRAW comes.
//   * A lease counts from the moment the ACCEPT or RENEW that was answered was sent; for a repeated
//     ACCEPT, from the first one. At 75 % of an unrenewed lease the attempt is told to stop, at 90
//     % whatever is left of it is killed by its guard, even when this process hangs.
//   * A result goes to disk before it is sent for the first time, and is repeated until RESULT_ACK
//     or STALE. When the disk refuses, it is sent from memory all the same: holding it back would
//     help nobody.
//   * STALE: the attempt is killed and forgotten, with its result.
//   * An attempt that is on for longer than its job allows is told to stop.
//   * A lower share of the bandwidth is confirmed (by a RENEW at once) when it is in force, so that
//     others are raised only then.
//   * An attempt that was started once is never started again, however late a copy of its START is.
//
// One object per worker process; not thread-safe; no clock, no I/O, no randomness beyond the seed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/limits.h"
#include "schemas/messages.h"

namespace dray::worker {

// Part of a lease after which the guard kills what the stop at limits::kLeaseWorkerStopsPercent
// left over. Below 100, so that clocks that differ by some percent do not matter.
inline constexpr int kLeaseGuardKillsPercent = 90;
static_assert(limits::kLeaseWorkerStopsPercent < kLeaseGuardKillsPercent &&
              kLeaseGuardKillsPercent < 100);

// A result that nobody acknowledged is sent again after this, then ever more rarely.
inline constexpr Duration kFirstResultRepeat = seconds{1};

// How long an otherwise finished worker waits for the last RESULT_ACK. The result is on disk.
inline constexpr Duration kLastAckWait = seconds{2};

constexpr Duration lease_part(Duration lease, int percent) {
  return lease / 100 * percent;
}
// What the scheduler grants, kept within what makes sense.
constexpr Duration lease_from_wire(uint64_t ms) {
  constexpr uint64_t kMax = static_cast<uint64_t>(milliseconds{limits::kLeaseMax}.count());
  return milliseconds{ms < 1000 ? 1000 : ms > kMax ? kMax : ms};
}

// Why we end an attempt before it ends by itself.
enum class StopReason : uint8_t {
  cancel = 1,
  lease = 2,
  stall = 3,
  stale = 4,
  shutdown = 5,
  pause = 6,
  time_limit = 7,
};

}  // namespace dray::worker

template <>
struct dray::EnumNames<dray::worker::StopReason> {
  using E = dray::worker::StopReason;
  static constexpr std::string_view kWhat = "stop reason";
  static constexpr EnumRow<E> kRows[] = {{E::cancel, "cancel"},        {E::lease, "lease"},
                                         {E::stall, "stall"},          {E::stale, "stale"},
                                         {E::shutdown, "shutdown"},    {E::pause, "pause"},
                                         {E::time_limit, "time_limit"}};
};

namespace dray::worker {

struct CoreOptions {
  std::string name;
  uint64_t epoch = 0;  // of this start; every token we are offered must carry it
  std::string boot_id;
  std::string version;
  std::string rclone_version;
  uint32_t slots = 1;
  std::string public_key;  // raw 32 bytes: what remotes are sealed to
  uint64_t seed = 0;       // of the jitter between repetitions
};

// ── What can happen ─────────────────────────────────────────────────────────────────────────────
struct Tick {};  // next_deadline() has passed
// The way to the scheduler came, went or changed (another epoch of broker or scheduler).
struct LinkChanged {
  bool scheduler_up = false;
};
// The process of the attempt runs.
struct AttemptRunning {
  Token token;
};
// The last picture of an attempt, for RENEW and HELLO.
struct AttemptProgress {
  Token token;
  Progress progress;
};
// Every process of the attempt is gone and this is how it ended. Exactly one for each StartAttempt.
struct AttemptEnded {
  AttemptResult result;
};
// Answers ApplyBandwidth, and says before any: whether a change takes effect while the attempt
// runs.
struct BandwidthInForce {
  Token token;
  bool live = false;
  uint64_t bytes_per_second = 0;  // 0: no cap
};
// Answers SpoolResult. Not stored: the disk refused; the result is sent all the same.
struct ResultSpooled {
  Token token;
  bool stored = true;
};
// Take nothing more, finish what runs and exit; after `patience` stop what still runs. A second one
// may shorten the patience.
struct Drain {
  Duration patience{};
};

using Event = std::variant<Tick, LinkChanged, AttemptRunning, AttemptProgress, AttemptEnded,
                           ResultSpooled, Drain, Welcome, Goodbye, Renewed, Assign, Start, Withdraw,
                           StopAttempt, ResultAck, Stale, SetBandwidth, BandwidthInForce>;

// ── What is to be done ──────────────────────────────────────────────────────────────────────────
// Every message is dropped silently while the link is down; it is repeated by the rules above.
template <class Message>
struct Send {
  Message message;
};
struct StartAttempt {
  Token token;
  RunSpec spec;
  Instant kill_at;  // the guard kills the attempt then, unless ExtendLease moves it
};
struct ExtendLease {
  Token token;
  Instant kill_at;
};
// The attempt ends with AttemptEnded as soon as nothing of it is left. Repeated calls are possible
// and only the first reason counts.
struct EndAttempt {
  Token token;
  StopReason reason = StopReason::cancel;
  std::string detail;  // cancel: who and why; goes to the log
};
// The running attempt may use so much from now on; BandwidthInForce follows.
struct ApplyBandwidth {
  Token token;
  uint64_t bytes_per_second = 0;  // 0: no cap
};
struct SpoolResult {
  AttemptResult result;
};
struct UnspoolResult {
  Token token;
};
// The last action ever: nothing runs and nothing is left to send. `why` is empty after Drain.
struct Exit {
  std::string why;
};

using Action = std::variant<Send<Hello>, Send<Renew>, Send<Accept>, Send<Reject>,
                            Send<AttemptResult>, StartAttempt, ExtendLease, EndAttempt, SpoolResult,
                            UnspoolResult, Exit, ApplyBandwidth>;

class WorkerCore {
 public:
  // `spooled`: results of earlier epochs that nobody has acknowledged.
  WorkerCore(CoreOptions options, std::vector<AttemptResult> spooled);

  // Appends what is to be done, in order. RESULT goes out only after ResultSpooled.
  void step(const Event& event, Now now, std::vector<Action>& out);
  // When the next Tick is due; nullopt: nothing is pending.
  std::optional<Instant> next_deadline() const;

  uint32_t free_slots() const;
  // Attempts that hold a slot: accepted, running or being stopped.
  size_t busy() const { return held_.size(); }
  size_t unacknowledged() const { return results_.size(); }
  bool welcome() const { return welcome_; }
  bool draining() const { return draining_; }

 private:
  struct Held {
    RunSpec spec;  // until started
    RunState state = RunState::starting;
    bool started = false;
    bool stop_sent = false;
    bool forget = false;  // STALE: its result is of no interest
    uint64_t offer = 0;  // of the last ASSIGN
    Duration lease{};
    Instant accept_sent;              // the first one
    Instant accept_again;             // while not started
    Instant stop_at;                  // 75 % of the lease
    std::optional<Instant> limit_at;  // the job's maximum duration
    bool live_bandwidth = false;
    uint64_t bandwidth = 0;  // in force, bytes per second; 0: no cap
    uint64_t bandwidth_sequence = 0;
    BandwidthShare wanted;  // the newest
    Progress progress;
  };
  struct Pending {  // a result nobody has acknowledged yet
    AttemptResult result;
    bool spooled = false;  // or refused by the disk
    Instant send_again;
    Duration backoff;
  };
  using Actions = std::vector<Action>;

  void on(const Tick&, Now now, Actions& out);
  void on(const LinkChanged& event, Now now, Actions& out);
  void on(const AttemptRunning& event, Now now, Actions& out);
  void on(const AttemptProgress& event, Now now, Actions& out);
  void on(const AttemptEnded& event, Now now, Actions& out);
  void on(const ResultSpooled& event, Now now, Actions& out);
  void on(const Drain& event, Now now, Actions& out);
  void on(const Welcome& message, Now now, Actions& out);
  void on(const Goodbye& message, Now now, Actions& out);
  void on(const Renewed& message, Now now, Actions& out);
  void on(const Assign& message, Now now, Actions& out);
  void on(const Start& message, Now now, Actions& out);
  void on(const Withdraw& message, Now now, Actions& out);
  void on(const StopAttempt& message, Now now, Actions& out);
  void on(const ResultAck& message, Now now, Actions& out);
  void on(const Stale& message, Now now, Actions& out);
  void on(const SetBandwidth& message, Now now, Actions& out);
  void on(const BandwidthInForce& event, Now now, Actions& out);

  std::string why_rejected(const Assign& message) const;
  void send_hello(Now now, Actions& out);
  void send_renew(Now now, Actions& out);
  void take_offer(const Assign& message, Held& held, Now now, Actions& out);
  void send_accept(const Token& token, Held& held, Now now, Actions& out);
  void send_result(Pending& pending, Now now, Actions& out);
  void check_leases(Now now, Actions& out);
  void check_limits(Now now, Actions& out);
  bool in_force(Held& held, uint64_t bytes_per_second);
  void repeat_unanswered(Now now, Actions& out);
  void grant(const Token& token, Held& held, Instant from, Duration lease, Actions& out);
  void end(const Token& token, StopReason reason, const std::string& detail, Now now, Actions& out);
  void end_all(StopReason reason, Now now, Actions& out);
  void make_stale(const Token& token, Now now, Actions& out);
  void keep_result(AttemptResult result, Actions& out);
  void retire(const Token& token);
  void exit_if_done(Actions& out);
  std::vector<HeldAttempt> held_list() const;
  Duration jittered(Duration base);

  CoreOptions options_;
  std::map<Token, Held> held_;
  std::map<Token, Pending> results_;
  // Tokens for which a START has been or could still be under way, oldest first.
  std::deque<Token> retired_order_;
  std::unordered_set<Token> retired_;

  bool link_ = false;
  bool welcome_ = false;
  uint64_t scheduler_epoch_ = 0;
  Duration heartbeat_ = limits::kHeartbeat;
  Instant hello_again_{};
  Duration hello_backoff_{};
  Instant renew_at_{};
  Instant answered_at_{};  // the last RENEWED or WELCOME
  uint64_t round_ = 0;
  std::deque<std::pair<uint64_t, Instant>> rounds_;  // sent and perhaps answered later

  bool draining_ = false;
  bool exiting_ = false;  // nothing is started any more, all attempts are told to stop
  bool exited_ = false;
  std::optional<Instant> drain_until_;
  std::string exit_why_;
  uint64_t random_ = 0;
};

}  // namespace dray::worker
