// What the scheduler core wants done. The shell writes all rows of a loop turn in one transaction
// and sends only after the commit: nothing is said that a crash could take back.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "daemon/scheduler/events.h"
#include "daemon/scheduler/rows.h"
#include "schemas/messages.h"
#include "schemas/report.h"

namespace dray::scheduler {

// ── Rows, in order ──────────────────────────────────────────────────────────────────────────────
struct InsertRun {
  RunRow run;
};
// The whole row again, never with state `assigned`. The stored run must not be terminal and its
// attempt not above this one, else the store reports a conflict (a bug in the core, not in a peer).
struct UpdateRun {
  RunRow run;
  // A soft update alone does not make the shell commit now: it rides with the next commit, at the
  // latest after one second. For pictures of state that a crash may take back ("running").
  bool soft = false;
};
struct InsertAttempt {
  AttemptRow attempt;
};
struct EndAttempt {
  AttemptRow attempt;
};
struct AddEvent {
  EventRow event;
  bool soft = false;
};
struct AddCancelRequest {
  RunId run;
  WallTime at;
  std::string reason;
  std::string asked_by;
};
struct UpdateJobDue {
  JobId job;
  WallTime high_water;
  std::optional<WallTime> next_due;
};
struct PutWorker {
  WorkerRow worker;
};
struct StoreProgress {
  Token token;
  RunState state;
  Progress progress;
  WallTime at;
};  // soft

struct PutVersion {
  VersionRow version;
};
// `run` removes these from now on, and nothing keeps them any more.
struct MarkPruning {
  RunId run;
  std::vector<RunId> versions;
};
// `run` has removed what it was told to.
struct EndPrune {
  RunId run;
  WallTime at;
};
struct AddDeletions {
  RunId run;
  JobId job;
  WallTime at;
  std::vector<DeletedVersion> deleted;
};
struct MarkDrill {
  JobId job;
  WallTime at;
};

// ── Questions ───────────────────────────────────────────────────────────────────────────────────
// A good state was added: what may go now, is a drill due? The shell answers in the same turn, with
// UpkeepDue, so that the answer is committed together with what asked for it.
struct CheckUpkeep {
  JobId job;
};

// ── Messages, after the commit ──────────────────────────────────────────────────────────────────
struct SendWelcome {
  SessionId session;
  Welcome message;
};
struct SendGoodbye {
  SessionId session;
  Goodbye message;
};
struct SendRenewed {
  SessionId session;
  Renewed message;
};
// The shell loads job and remotes and sends ASSIGN; when it cannot, it answers with AssignFailed.
struct SendAssign {
  SessionId session;
  Token token;
  JobId job;
  JobKind kind = JobKind::sync;
  std::string task;
  WallTime scheduled_at{};
  bool dry_run = false;
  uint64_t lease_ms = 0;
  uint64_t bandwidth_bytes_per_second = 0;
  bool live_bandwidth = false;
  uint64_t offer = 0;
};
struct SendStart {
  SessionId session;
  Token token;
};
struct SendWithdraw {
  SessionId session;
  Token token;
};
struct SendStop {
  SessionId session;
  StopAttempt message;
};
struct SendBandwidth {
  SessionId session;
  SetBandwidth message;
};
struct SendResultAck {
  SessionId session;
  Token token;
};
struct SendStale {
  SessionId session;
  Token token;
};
struct SendOwners {
  Owners message;
};
struct ReplyEnqueued {
  Asker asker;
  Enqueued message;
};
struct ReplyCancel {
  Asker asker;
  CancelReply message;
};

using Action =
    std::variant<InsertRun, UpdateRun, InsertAttempt, EndAttempt, AddEvent, AddCancelRequest,
                 UpdateJobDue, PutWorker, StoreProgress, SendWelcome, SendGoodbye, SendRenewed,
                 SendAssign, SendStart, SendWithdraw, SendStop, SendResultAck, SendStale,
                 SendOwners, ReplyEnqueued, ReplyCancel, SendBandwidth, PutVersion, MarkPruning,
                 EndPrune, AddDeletions, MarkDrill, CheckUpkeep>;

}  // namespace dray::scheduler
