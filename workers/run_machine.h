// The life of one attempt on the worker, pure: when to spawn, when to signal, when it is over.
//
//   preparing ─► starting ─► running ─► draining ─► ended
//        │           │          │           ▲
//        │           └──────────┴► stopping ┘  TERM, grace, TERM, second grace, KILL to the tree
//        └─► ended (nothing was spawned)
//
// An attempt is over when its process has ended, nothing of its tree is left and its log has been
// read to the end; something that escaped with the log pipe is waited for no longer than
// `drain_limit`. The stall watch stops an attempt whose counters stand still.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/limits.h"
#include "workers/worker_core.h"

namespace dray::worker {

struct RunTimes {
  // No counter moved for this long: stop. 0: never.
  Duration stall = limits::kStallDefault;
  // Before its first stats record rclone opens both remotes and tells nothing: 2 tries x 4
  // low-level tries x 60 s for each side. `stall` applies when it is longer.
  Duration preparing = minutes{16};
  Duration grace = limits::kStopGrace;
  Duration second_grace = limits::kStopSecondGrace;
  Duration drain_limit = seconds{1};
};

namespace run {

// ── What can happen ─────────────────────────────────────────────────────────────────────────────
struct Tick {};
struct Prepared {};  // directory and files are there
struct PrepareFailed {};
struct Started {};
struct StartFailed {};  // Gone follows
struct Moved {          // a stats record came; counters have not moved since `since`
  Instant since;
};
struct Stop {
  StopReason reason;
};
struct Exited {};
struct LogEnded {};
struct Gone {};
using Event = std::variant<Tick, Prepared, PrepareFailed, Started, StartFailed, Moved, Stop, Exited,
                           LogEnded, Gone>;

// ── What is to be done ──────────────────────────────────────────────────────────────────────────
enum class Action : uint8_t {
  spawn,
  terminate,    // SIGTERM
  kill,         // SIGKILL to the whole tree
  close_pipes,  // LogEnded follows
  finish,       // the last one
};

}  // namespace run

class RunMachine {
 public:
  enum class State : uint8_t { preparing, starting, running, stopping, draining, ended };

  RunMachine(RunTimes times, Now now);

  void step(const run::Event& event, Now now, std::vector<run::Action>& out);
  std::optional<Instant> next_deadline() const;

  State state() const { return state_; }
  // Why we ended it; nullopt when it ended by itself.
  std::optional<StopReason> stopped() const { return stop_; }
  bool spawned() const { return spawned_; }

 private:
  using Actions = std::vector<run::Action>;
  void on(const run::Tick&, Now now, Actions& out);
  void on(const run::Prepared&, Now now, Actions& out);
  void on(const run::PrepareFailed&, Now now, Actions& out);
  void on(const run::Started&, Now now, Actions& out);
  void on(const run::StartFailed&, Now now, Actions& out);
  void on(const run::Moved& event, Now now, Actions& out);
  void on(const run::Stop& event, Now now, Actions& out);
  void on(const run::Exited&, Now now, Actions& out);
  void on(const run::LogEnded&, Now now, Actions& out);
  void on(const run::Gone&, Now now, Actions& out);

  void escalate(Now now, Actions& out);
  void arm_stall(Instant from, Duration limit);
  void end_if_over(Now now, Actions& out);

  RunTimes times_;
  State state_ = State::preparing;
  bool spawned_ = false;
  bool exited_ = false;
  bool log_ended_ = false;
  bool gone_ = false;
  int signals_sent_ = 0;
  std::optional<StopReason> stop_;
  std::optional<Instant> stall_at_;
  std::optional<Instant> signal_at_;
  std::optional<Instant> drain_at_;
};

}  // namespace dray::worker
