// What can happen to the scheduler core.
#pragma once

#include <string>
#include <variant>

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

using Event =
    std::variant<Tick, WorkerHello, WorkerRenew, WorkerAccept, WorkerReject, WorkerResult,
                 SessionGone, BrokerLost, BrokerUp, RunNow, CancelRuns, JobPut, JobRemoved,
                 ClientPut, AccountPut, SettingsPut, WorkerDrain, AssignFailed>;

}  // namespace dray::scheduler
