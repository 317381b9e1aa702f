// What the scheduler core wants done. The shell writes all rows of a loop turn in one transaction
// and sends only after the commit: nothing is said that a crash could take back.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "daemon/scheduler/events.h"
#include "daemon/scheduler/rows.h"
#include "schemas/messages.h"

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

using Action = std::variant<InsertRun, UpdateRun, InsertAttempt, EndAttempt, AddEvent,
                            AddCancelRequest, UpdateJobDue, PutWorker, StoreProgress, SendWelcome,
                            SendGoodbye, SendRenewed, SendAssign, SendStart, SendWithdraw, SendStop,
                            SendResultAck, SendStale, SendOwners, ReplyEnqueued, ReplyCancel>;

}  // namespace dray::scheduler
