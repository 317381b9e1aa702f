// What can happen to the scheduler core.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/scheduler/rows.h"
#include "schemas/messages.h"

namespace dray::scheduler {

// Who asked: the session to answer and the id of the question; shown as `name`.
struct Asker {
  SessionId session;
  uint64_t request_id = 0;
  std::string name;
};

struct Tick {};  // a deadline passed
struct WorkerHello {
  SessionId session;
  Hello hello;
};
struct WorkerRenew {
  SessionId session;
  Renew renew;
};
struct WorkerAccept {
  SessionId session;
  Token token;
  uint64_t offer = 0;  // 0: a worker that does not tell
};
struct WorkerReject {
  SessionId session;
  Token token;
  std::string why;
};
struct WorkerResult {
  SessionId session;
  AttemptResult result;
};
struct SessionGone {
  SessionId session;
};
struct BrokerLost {};  // every session is gone with it
struct BrokerUp {};    // publish OWNERS again
struct RunNow {
  Asker asker;
  Enqueue request;
  // Another run like this one, or a restore: looked up by the shell for Enqueue::rerun_of and
  // ::task.
  struct Rerun {
    JobKind kind = JobKind::sync;
    std::string task;
  };
  std::optional<Rerun> rerun = {};
};
// Checked by the asker's verb against this very core: what does not fit any more is passed over.
struct PauseRuns {
  std::vector<RunId> runs;
  std::string reason;
  std::string asked_by;
};
struct ResumeRuns {
  std::vector<RunId> runs;
  std::string asked_by;
};
struct SetPriority {
  RunId run;
  int32_t priority = 0;
  std::string asked_by;
};
// Of the runs that a request names, those that the core does not know and the store knows as ended.
struct EndedRun {
  RunId run;
  RunState state = RunState::succeeded;
};
struct CancelRuns {
  Asker asker;
  CancelRequest request;
  std::vector<EndedRun> ended;  // looked up by the shell for runs that Core::find_run() lacks
};
// The store has committed, or commits in this very turn, what these carry.
struct JobPut {
  JobPlan job;
  bool created = false;
};
struct JobRemoved {
  JobId job;
};
struct ClientPut {
  ClientRow client;
};
struct AccountPut {
  AccountPlan account;
};
struct SettingsPut {
  LiveSettings settings;
};
// Something that only the journal wants to know; `kind` is a row of event_kinds.h.
struct Noted {
  std::string_view kind;
  std::string client;
  std::string job;
  std::string body;  // JSON object
};
struct WorkerDrain {
  std::string worker;
  bool drain = false;
};
// A run could not be sent out: its job or a remote cannot be loaded. Ends the run as failed
// (config).
struct AssignFailed {
  Token token;
  std::string why;
};

// Somebody decides about a run that its guard held; any other run is passed over.
struct DecideHeld {
  RunId run;
  bool approve = false;
  std::string reason;
  std::string asked_by;
};

// The answer to CheckUpkeep.
struct UpkeepDue {
  JobId job;
  std::vector<RunId> prune;  // states that go; empty: none
  std::string prune_task;
  std::string drill_task;  // empty: none is due
};

using Event =
    std::variant<Tick, WorkerHello, WorkerRenew, WorkerAccept, WorkerReject, WorkerResult,
                 SessionGone, BrokerLost, BrokerUp, RunNow, CancelRuns, JobPut, JobRemoved,
                 ClientPut, AccountPut, SettingsPut, WorkerDrain, AssignFailed, PauseRuns,
                 ResumeRuns, SetPriority, DecideHeld, Noted, UpkeepDue>;

}  // namespace dray::scheduler
