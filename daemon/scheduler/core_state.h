// What the core keeps of clients, jobs, workers and runs. Pure data; for core*.cc alone.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/scheduler/calendar.h"
#include "daemon/scheduler/core.h"
#include "daemon/scheduler/core_caps.h"
#include "daemon/scheduler/fair_queue.h"

namespace dray::scheduler {

struct Client {
  std::string name;
  ClientSpec spec;
  uint32_t running = 0;  // offers included, as everywhere below
  std::string paused;    // why none of its runs starts; empty: not paused
  Cap cap;
};

struct Account {
  std::string name;
  uint32_t max_concurrent = 0;
  uint32_t running = 0;
};

struct Job {
  JobId id;
  std::string name;
  JobKind kind = JobKind::sync;
  uint32_t client = 0;
  int32_t priority = 0;
  uint32_t misfire_max = 0;
  uint32_t max_concurrent = 1;
  uint32_t running = 0;
  MisfirePolicy misfire = MisfirePolicy::run_once;
  OverlapPolicy overlap = OverlapPolicy::skip;
  bool enabled = true;
  bool drills = false;                // restores a sample from time to time
  bool removed = false;               // stays until its last run has ended
  std::string paused;                 // why no run starts; empty: not paused
  std::unique_ptr<JobLimits> limits;  // none: no cap, no windows
  RetryPolicy retry;
  std::string destination;  // destination_key
  std::vector<uint32_t> accounts;
  std::optional<CompiledSchedule> schedule;  // none: manual, disabled or broken
  uint64_t schedule_print = 0;               // of the Schedule, to see whether it changed
  WallTime high_water{};
  std::optional<WallTime> next_due;
  std::vector<RunId> open;  // not ended, oldest first

  uint64_t cap_bytes() const { return limits ? limits->cap.bytes() : kNoCap; }
  bool window_open() const { return !limits || limits->open; }
  uint32_t concurrent() const { return overlap == OverlapPolicy::allow ? max_concurrent : 1; }
};

// Is a cap of so many bytes per second enough for one run more?
bool bandwidth_for_one_more(uint64_t cap, uint32_t running);

struct Run;

struct Worker {
  WorkerRow row;
  SessionId session;      // none: not connected
  bool draining = false;  // by its own account
  uint32_t busy = 0;
  Instant paused_until{};  // it refused something
  std::set<RunId> runs;
  uint64_t refused_epoch = 0;  // of the last one sent away, so that it is reported once
};

// What a waiting run waits for. `ready`: only for its turn.
enum class WaitFor : uint8_t { nothing, ready, job, account, destination, refused };

struct WaitKey {
  WaitFor what = WaitFor::nothing;
  uint64_t key = 0;  // job id, index of the account, run in the way
  friend auto operator<=>(const WaitKey&, const WaitKey&) = default;
};

struct Run {
  RunRow row;  // as stored, but for the state `assigned`
  Job* job = nullptr;
  uint32_t client = 0;
  Ranked rank;
  WaitKey wait;
  WaitKey woken;  // the list that gave it its chance, to be passed on if it does not use it

  std::optional<uint32_t> further_account;  // of the place that it restores to

  // An offer or an attempt, and what it holds.
  Worker* worker = nullptr;
  Token offer;                // assigned: what was offered
  uint32_t last_offered = 0;  // highest attempt number ever offered
  std::vector<uint32_t> accounts;
  std::string destination;
  Share share;
  bool pause_told = false;  // the attempt was told to stop, to go on later
  WallTime accepted_at{};
  Instant progress_at{};  // stored last

  Worker* refused_by = nullptr;
  Instant refused_until{};
  std::string refused_why;

  std::optional<Instant> deadline;  // offer, lease, retry or refusal, by state
  std::optional<Instant> in_heap;   // the earliest entry of deadlines_ that speaks for it
};

}  // namespace dray::scheduler
