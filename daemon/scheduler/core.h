// The scheduler's decisions, as a pure function: what happened in, what to write and to say out.
// When occurrences fall due, which run starts where, who holds a lease, what is retried, what a
// cancel does: all of it is here, and nothing else decides.
//
// Owner and thread: the service shell, one thread. No clock, I/O, log, thread or randomness inside
// (jitter comes from a seeded generator); the time zone database is the one exception (calendar.h).
//
// How a shell drives it
//   1. load() once. Its actions are carried out like those of step().
//   2. For each event: step(). At the end of the loop turn all rows of the turn are written in one
//      transaction, in order; after the commit all messages are sent, in order. Nothing is sent
//      before: every promise to a peer is durable when it leaves.
//   3. Turns with soft rows only need no commit of their own; messages go out at once.
//   4. Tick when time_to_wait(next_deadline(), now) has passed. A tick that comes early is
//   harmless.
//      The wait is capped, so that a wall clock that was set forward is noticed within that cap.
//   5. When a commit fails, the core is ahead of the store: drop the turn's messages and load()
//      again from the store. Workers that get no answer say HELLO again within seconds, and every
//      peer repeats what was not answered.
//
// Costs: a step is O(log n) in jobs and runs. A run that cannot start waits in the list of what it
// waits for and is not looked at again before that changes. A job takes about 500 bytes, a run 900.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/scheduler/actions.h"
#include "daemon/scheduler/events.h"
#include "daemon/scheduler/rows.h"
#include "daemon/scheduler/why.h"
#include "schemas/limits.h"

namespace dray::scheduler {

struct CoreOptions {
  Duration lease = limits::kLease;
  Duration heartbeat = limits::kHeartbeat;
  Duration offer_timeout = limits::kOfferTimeout;
  uint64_t seed = 1;  // of the jitter between attempts
};

// When the core wants a Tick: whichever comes first.
struct Deadlines {
  std::optional<Instant> mono;   // offers, leases, retries
  std::optional<WallTime> wall;  // the next occurrence of any job
};

// How long a shell may sleep. Never more than `at_most`: that is how soon a wall clock that was set
// forward is noticed (setting it back needs no notice). 0: a Tick is due.
Duration time_to_wait(const Deadlines& deadlines, Now now, Duration at_most = seconds{1});

struct WorkerView {
  WorkerRow row;
  bool connected = false;
  bool draining = false;  // by the operator or by its own account
  uint32_t busy = 0;      // slots that runs or offers hold
  std::vector<RunId> runs;
};

struct CoreStatus {
  uint64_t jobs = 0;
  uint64_t queued = 0;     // waiting for their first or next attempt, offers included
  uint64_t retrying = 0;   // waiting for the time of their next attempt
  uint64_t on_worker = 0;  // accepted and not ended, `cancelling` included
  uint64_t held = 0;       // waiting for a person: held, paused
  uint32_t slots = 0;      // of all connected workers
  uint32_t free_slots = 0;
  std::vector<WorkerView> workers;  // by name
  LiveSettings settings;
};

// Who has how much bandwidth, in bytes per second.
struct CapView {
  std::string scope;  // "global", "client", "job"
  std::string name;
  uint64_t cap = 0;                     // in force; 0: none
  bool table = false;                   // from a table of the week
  std::optional<WallTime> next_change;  // of the table
  uint64_t given = 0;                   // to its runs
  uint64_t used = 0;                    // by its runs
  uint32_t runs = 0;
};
struct ShareView {
  RunId run;
  std::string job;
  std::string client;
  std::string worker;
  uint64_t weight = 1;
  uint64_t share = 0;             // told last; 0: no cap
  uint64_t used = 0;              // lately
  std::optional<uint64_t> wants;  // none: all it can get
  bool confirmed = true;          // its worker says that the share is in force
  bool live = true;               // the share can be changed while it runs
  std::string limited_by;         // "global", "client", "job", "itself"; "": nothing
};
struct BandwidthView {
  std::vector<CapView> caps;      // configured ones: global, clients, jobs with runs
  std::vector<ShareView> shares;  // of what runs, by id
};

class Core {
 public:
  explicit Core(CoreOptions options);
  ~Core();
  Core(Core&&) noexcept;
  Core& operator=(Core&&) noexcept;

  // Takes over the stored state. What was on workers is given one full lease from now to be
  // adopted; occurrences missed meanwhile follow with the next ticks. Called again (rule 5), it
  // forgets all it knew, connections included.
  std::vector<Action> load(const Snapshot& snapshot, Now now);

  // Appends what follows from `event`. Any event is allowed at any time.
  void step(const Event& event, Now now, std::vector<Action>& out);
  std::vector<Action> step(const Event& event, Now now);

  Deadlines next_deadline() const;

  // All reasons why a run that has not ended does not move. nullopt: not known here, so it has
  // ended or never was.
  std::optional<WhyAnswer> why(RunId run, Now now) const;

  CoreStatus status() const;
  BandwidthView bandwidth() const;

  // A run that has not ended, as of the last step; state may be `assigned`. Valid until the next
  // step. Null: not known here.
  const RunRow* find_run(RunId run) const;
  // Every run that has not ended, by id; at most `limit`, after `after`.
  std::vector<RunId> open_runs(size_t limit, RunId after = {}) const;
  std::optional<WallTime> next_due(JobId job) const;
  // Is this the accepted attempt of its run?
  bool is_current(const Token& token) const;
  // Where to reach a worker; nullopt: not connected.
  std::optional<SessionId> session_of(std::string_view worker) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::scheduler
