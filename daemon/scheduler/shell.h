// What stands between the pure core and the world: collects what a loop turn brings, writes all of
// its rows in one transaction, and only then lets its messages out. service.h connects it to the
// bus and the clock; tests connect it to nothing.
//
// Thread: one. Order within a turn: rows as the core gave them, then messages as they came.
//
// When the database cannot be written (disk full), the turn is taken back: its messages are
// dropped, whoever asked gets the reason, and nothing new is accepted until recover() finds that
// writing works again. Leases of running attempts go on meanwhile. The core is then loaded anew,
// because it had gone ahead of what is stored; workers repeat what was not acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/core.h"
#include "daemon/scheduler/store.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/messages.h"
#include "schemas/run_task.h"

namespace dray {

using OutMessage = std::variant<Welcome, Goodbye, Renewed, Assign, Start, Withdraw, StopAttempt,
                                ResultAck, Stale, Owners, Enqueued, CancelReply, Response,
                                EventMessage, SetBandwidth, RemoteRefreshedAck>;

// Where a turn's messages go. Called after the commit.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // `to` 0: the broker itself (OWNERS, EVENT). `id`: of the question that this answers, or 0.
  virtual void send(SessionId to, uint64_t id, const OutMessage& message) = 0;
  // That was all of this turn: let it go.
  virtual void flush() {}
  // Ask `relay.worker` and pass its answer on to `asker` as a Response.
  virtual void relay(const scheduler::Asker& asker, verbs::Relay relay) = 0;
  virtual void backup(const scheduler::Asker& asker, const std::string& path) = 0;
};

class Shell {
 public:
  // Soft rows are committed at the latest after this.
  static constexpr Duration kSoftDelay = seconds{1};

  Shell(Store& store, Outbox& outbox, scheduler::CoreOptions options, verbs::Surroundings around);

  // Loads the core; its first messages wait for finish_turn().
  Status load(Now now);

  // One thing that happened, within a turn.
  void handle(const scheduler::Event& event, Now now);
  void request(const Request& request, const scheduler::Asker& asker, Role role, Now now);
  void enqueue(const Enqueue& request, const scheduler::Asker& asker, Now now);
  void cancel(const CancelRequest& request, const scheduler::Asker& asker, Now now);
  // Answered after the commit, with what the remote is then.
  void remote_refreshed(const RemoteRefreshed& message, const scheduler::Asker& asker, Now now);
  // The end of the turn: commit, then send.
  void finish_turn(Now now);

  // How long the loop may sleep: deadlines of the core, soft rows that wait, recovery.
  Duration time_to_wait(Now now) const;
  // Tries to come back from a failed write. True: the shell accepts again.
  bool recover(Now now);
  bool accepting() const { return around_.problem.empty(); }

  // Below the floor no run starts, whatever the settings say.
  void set_disk_low(std::optional<std::string> why, Now now);
  verbs::Surroundings& surroundings() { return around_; }
  const scheduler::Core& core() const { return core_; }
  uint64_t commits() const { return commits_; }

 private:
  struct Outgoing {
    SessionId to;
    uint64_t id;
    OutMessage message;
    bool answer;  // somebody waits for it: on failure they get the reason
  };

  struct WaitingRelay {
    scheduler::Asker asker;
    verbs::Relay relay;
  };

  void step(const scheduler::Event& event, Now now);
  void run_steps(Now now);
  void take(scheduler::Action action, Now now);
  bool take_row(scheduler::Action& action, Now now);
  void assign(const scheduler::SendAssign& action);
  Result<RunSpec> run_spec(JobId job);
  Status fill_task(RunSpec& spec, const scheduler::SendAssign& action);
  Status fill_sent(scheduler::RunNow& event);
  Status fill_restore(scheduler::RunNow& event, const RunTask& task);
  void check_upkeep(JobId job, Now now);
  LiveSettings effective(LiveSettings settings) const;
  Status open_transaction();
  Status write_rows();
  Status commit_turn();
  void send_all();
  void fail_turn(const Error& error, Now now);
  std::vector<scheduler::EndedRun> ended_among(const std::vector<RunId>& runs);
  Status fill_rerun(scheduler::RunNow& event);
  void handle_broken(const scheduler::Event& event);
  std::string refusal_text() const;
  template <class Message>
  void post(SessionId to, uint64_t id, Message message, bool answer = false) {
    outgoing_.push_back({to, id, OutMessage(std::move(message)), answer});
  }

  Store& store_;
  Outbox& outbox_;
  scheduler::CoreOptions options_;
  verbs::Surroundings around_;
  scheduler::Core core_;
  std::vector<scheduler::Event> steps_;   // still to be stepped in this turn
  std::vector<scheduler::Action> rows_;   // not yet in the transaction
  std::vector<OutMessage> publications_;  // EVENTs of rows in the open transaction
  std::vector<Outgoing> outgoing_;
  std::vector<WaitingRelay> relays_;          // of changes: asked after the commit
  std::vector<scheduler::SessionGone> gone_;  // while broken
  bool hard_ = false;                         // the turn must be committed
  std::optional<Instant> soft_since_;
  std::optional<std::string> disk_low_;
  uint64_t commits_ = 0;
  Instant next_recovery_{};
  std::unordered_map<JobId, RunSpec> specs_;  // of jobs assigned lately; emptied by every change
};

}  // namespace dray
