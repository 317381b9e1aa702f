// What the scheduler stores, row by row. The core holds slim copies of what it decides with; the
// store (store.h) holds everything. Pure data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job.h"
#include "schemas/messages.h"
#include "schemas/outcome.h"
#include "schemas/run_state.h"
#include "schemas/run_task.h"

namespace dray {

// Why a run exists. Database values: append only. UNIQUE(job, scheduled_at, trigger) makes an
// occurrence happen once.
enum class Trigger : uint8_t { schedule = 1, manual = 2, retention = 3, drill = 4 };

template <>
struct EnumNames<Trigger> {
  static constexpr std::string_view kWhat = "trigger";
  static constexpr EnumRow<Trigger> kRows[] = {{Trigger::schedule, "schedule"},
                                               {Trigger::manual, "manual"},
                                               {Trigger::retention, "retention"},
                                               {Trigger::drill, "drill"}};
};

struct ClientRow {
  ClientId id;
  ClientSpec spec;
  BandwidthTable bandwidth_table;  // overrides max_bandwidth_kbps when it has rows
  std::string paused;              // why none of its runs starts; empty: not paused
};

// What the core needs of a job; the whole JobSpec stays in the store.
struct JobPlan {
  JobId id;
  std::string name;
  std::string client;
  bool enabled = true;
  Schedule schedule;
  MisfirePolicy misfire = MisfirePolicy::run_once;
  uint32_t misfire_max = 10;
  OverlapPolicy overlap = OverlapPolicy::skip;
  uint32_t max_concurrent = 1;
  int32_t priority = 0;
  uint64_t bandwidth_kbps = 0;
  RetryPolicy retry;
  JobKind kind = JobKind::sync;
  Endpoint source;
  Endpoint destination;
  std::vector<std::string> accounts;  // every remote the run uses, with what those refer to
  WallTime created_at{};              // anchor of `every` schedules
  WallTime high_water{};              // every occurrence up to here is a row; never moves back
  std::optional<WallTime> next_due;   // first occurrence after high_water; none: nothing is due
  std::string policy;                 // JobPolicy as JSON; empty: all defaults
  std::string paused;                 // why no run starts; empty: not paused
};

// A remote account as far as admission is concerned.
struct AccountPlan {
  std::string client;
  std::string name;
  uint32_t max_concurrent = 0;  // 0: no cap
};

struct RunRow {
  RunId id;
  JobId job;
  std::string job_name;
  std::string client;
  JobKind kind = JobKind::sync;
  std::string task;  // RunTask as JSON; empty: nothing beyond the job
  Trigger trigger = Trigger::schedule;
  WallTime scheduled_at{};  // the occurrence; for manual runs the moment of asking, made unique
  WallTime queued_at{};
  RunState state = RunState::queued;
  int32_t priority = 0;
  bool dry_run = false;
  uint32_t attempt = 0;  // current or last; 0: none yet. Rises, and may leave numbers out
  std::string worker;    // of the current or last attempt
  uint64_t worker_epoch = 0;
  uint64_t lease_ms = 0;                    // the longest the current attempt was granted
  uint64_t bandwidth_bytes_per_second = 0;  // given to the current attempt; 0: no cap
  uint32_t failed_attempts = 0;             // ended with a result that counts against max_attempts
  uint32_t lost_attempts = 0;               // ended because their worker died
  WallTime retry_at{};                      // retry_wait: not before
  bool cancel_requested = false;
  std::string cancel_reason;
  std::string cancel_by;
  RunId rerun_of;                // the run that this one repeats
  bool pause_requested = false;  // stopped or kept from starting until somebody resumes it
  Grade grade = Grade::none;     // of the last attempt's validation
  std::string asked_by;          // manual runs
  std::string idempotency_key;   // manual runs: same key, same run, for 24 h; empty: none
  std::string reason;  // skipped, missed, held, failed without an attempt: why, for people
  Outcome outcome = Outcome::none;
  ErrorClass error_class = ErrorClass::none;
  std::string hint;
  WallTime started_at{};  // of the first attempt; epoch: never
  WallTime ended_at{};    // epoch: not ended
  uint64_t bytes = 0;     // of the last attempt
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;

  Token token() const { return Token{id, attempt, worker_epoch}; }
};

// One row per attempt that was committed (its ACCEPT arrived).
struct AttemptRow {
  Token token;
  std::string worker;
  WallTime accepted_at{};
  WallTime ended_at{};   // epoch: open
  std::string end;       // "result" or "lost": how it ended
  AttemptResult result;  // default until a result came
};

struct EventRow {
  uint64_t sequence = 0;  // given by the core, gap-free
  WallTime at{};
  std::string kind;  // see kEventKinds in event_kinds.h
  std::string client;
  std::string job;
  RunId run;
  std::string body;  // JSON object
};

struct WorkerRow {
  std::string name;
  uint64_t epoch = 0;
  std::string boot_id;
  std::string version;
  std::string rclone_version;
  uint32_t slots = 0;
  std::string public_key;
  WallTime last_seen{};
  bool drain = false;  // an operator's wish: no new runs
};

// Durable settings, changed live. Names are the keys of the settings table.
struct LiveSettings {
  uint32_t global_max_concurrent_jobs = 0;  // 0: no cap
  uint64_t global_max_bandwidth_kbps = 0;   // 0: no cap
  BandwidthTable global_bandwidth_table;    // overrides it when it has rows
  bool queue_paused = false;
  std::string queue_paused_reason;
  bool queue_paused_stops = false;  // what runs is stopped too, and goes on after the pause
};

// A manual run that was asked for with an idempotency key in the last 24 hours, ended or not.
struct KeyedRun {
  std::string key;
  RunId run;
  JobId job;
  WallTime queued_at{};
};

// A state of a job that can be restored, or could be.
enum class VersionState : uint8_t { kept = 1, pruning = 2, pruned = 3 };

template <>
struct EnumNames<VersionState> {
  static constexpr std::string_view kWhat = "version state";
  static constexpr EnumRow<VersionState> kRows[] = {{VersionState::kept, "kept"},
                                                    {VersionState::pruning, "pruning"},
                                                    {VersionState::pruned, "pruned"}};
};

struct VersionRow {
  VersionRef ref;
  JobId job;  // that made it; it may be gone
  std::string job_name;
  std::string client;
  bool good = false;   // the run ended well and nothing speaks against its result
  std::string pinned;  // why it must stay; empty: not pinned
  VersionState state = VersionState::kept;
  RunId prune_run;  // that removes or removed it
  WallTime pruned_at{};
};

// What the core is loaded from at start: everything not terminal, and what it plans with.
struct Snapshot {
  std::vector<ClientRow> clients;
  std::vector<JobPlan> jobs;
  std::vector<AccountPlan> accounts;
  std::vector<RunRow> open_runs;
  std::vector<WorkerRow> workers;
  LiveSettings settings;
  std::vector<KeyedRun> keyed_runs;  // oldest first
  WallTime last_manual_at{};         // the latest scheduled_at of all manual runs
  uint64_t last_run_id = 0;
  uint64_t last_event_sequence = 0;
  uint64_t scheduler_epoch = 0;  // already risen for this start
};

}  // namespace dray
