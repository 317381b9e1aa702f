// What the verbs about runs and events answer (see answers.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/json_fields.h"
#include "schemas/outcome.h"
#include "schemas/progress.h"
#include "schemas/run_state.h"

namespace dray {

struct RunView {
  RunId run;
  std::string job;
  std::string client;
  std::string trigger;  // "schedule", "manual"
  WallTime scheduled_at{};
  WallTime queued_at{};
  RunState state = RunState::queued;
  int32_t priority = 0;
  bool dry_run = false;
  uint32_t attempt = 0;  // current or last; 0: none yet
  std::string worker;
  WallTime retry_at{};
  bool cancel_requested = false;
  std::string cancel_reason;
  std::string cancel_by;
  std::string asked_by;
  std::string reason;  // why it is skipped, missed, held
  Outcome outcome = Outcome::none;
  ErrorClass error_class = ErrorClass::none;
  std::string hint;
  WallTime started_at{};
  WallTime ended_at{};
  uint64_t bytes = 0;
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;
  uint64_t bandwidth_bytes_per_second = 0;  // may be used by the current attempt; 0: no cap
  bool pause_requested = false;
  RunId rerun_of;                    // the run that this one repeats; 0: none
  std::optional<Progress> progress;  // the last stored picture of a run that is on a worker
  Grade grade = Grade::none;         // how far the result of the last attempt is proven

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("job", self.job);
    visit("client", self.client);
    visit("trigger", self.trigger);
    visit("scheduled_at", self.scheduled_at);
    visit("queued_at", self.queued_at);
    visit("state", self.state);
    visit("priority", self.priority);
    visit("dry_run", self.dry_run);
    visit("attempt", self.attempt);
    visit("worker", self.worker);
    visit("retry_at", self.retry_at);
    visit("cancel_requested", self.cancel_requested);
    visit("cancel_reason", self.cancel_reason);
    visit("cancel_by", self.cancel_by);
    visit("asked_by", self.asked_by);
    visit("reason", self.reason);
    visit("outcome", self.outcome);
    visit("error_class", self.error_class);
    visit("hint", self.hint);
    visit("started_at", self.started_at);
    visit("ended_at", self.ended_at);
    visit("bytes", self.bytes);
    visit("files", self.files);
    visit("checks", self.checks);
    visit("deletes", self.deletes);
    visit("errors", self.errors);
    visit.optional("bandwidth_bytes_per_second", self.bandwidth_bytes_per_second);
    visit.optional("pause_requested", self.pause_requested);
    visit.optional("rerun_of", self.rerun_of);
    visit.optional("progress", self.progress);
    visit.optional("grade", self.grade);
  }
};

struct AttemptView {
  uint32_t attempt = 0;
  std::string worker;
  uint64_t worker_epoch = 0;
  WallTime accepted_at{};
  WallTime ended_at{};
  std::string end;  // "result", "lost", "stale"; "" while it is open
  Outcome outcome = Outcome::none;
  ErrorClass error_class = ErrorClass::none;
  bool retry = false;
  std::string hint;
  std::string deciding_line;
  uint64_t bytes = 0;
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;
  int32_t exit_code = -1;
  int32_t signal = 0;
  uint64_t duration_ms = 0;
  std::string log_excerpt;
  uint64_t log_bytes = 0;
  std::string rclone_version;
  JsonText report;  // AttemptReport; "{}" when there is none

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("attempt", self.attempt);
    visit("worker", self.worker);
    visit("worker_epoch", self.worker_epoch);
    visit("accepted_at", self.accepted_at);
    visit("ended_at", self.ended_at);
    visit("end", self.end);
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
    visit("duration_ms", self.duration_ms);
    visit("log_excerpt", self.log_excerpt);
    visit("log_bytes", self.log_bytes);
    visit("rclone_version", self.rclone_version);
    visit.optional("report", self.report);
  }
};

struct CancelView {
  WallTime at{};
  std::string reason;
  std::string asked_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("at", self.at);
    visit("reason", self.reason);
    visit("asked_by", self.asked_by);
  }
};

struct EventView {
  uint64_t sequence = 0;
  WallTime at{};
  std::string kind;
  std::string client;
  std::string job;
  RunId run;
  JsonText body;
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

struct RunListAnswer {  // run.list, newest first; `before` = the smallest run asks for the next
                        // page
  std::vector<RunView> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
  }
};

struct RunShowAnswer {
  RunView run;
  std::vector<AttemptView> attempts;
  std::vector<CancelView> cancel_requests;
  std::vector<EventView> events;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("attempts", self.attempts);
    visit("cancel_requests", self.cancel_requests);
    visit("events", self.events);
  }
};

struct ReasonView {
  std::string code;  // a word for programs: "client_cap"
  std::string text;  // one sentence
  RunId run;         // the run in the way, if it is one
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("code", self.code);
    visit("text", self.text);
    visit("run", self.run);
  }
};

struct RunWhyAnswer {
  RunId run;
  RunState state = RunState::queued;
  std::vector<ReasonView> reasons;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("state", self.state);
    visit("reasons", self.reasons);
  }
};

struct EventListAnswer {
  std::vector<EventView> events;
  uint64_t last_sequence = 0;  // of all events, not of this page
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("events", self.events);
    visit("last_sequence", self.last_sequence);
  }
};

DRAY_JSON_ONCE(extern, EventView);
DRAY_JSON_ONCE(extern, RunView);

}  // namespace dray
