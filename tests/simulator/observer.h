// The judge. It sees what was committed, what was said and which transfer processes really live,
// and checks the promises after every step. It knows nothing of how drayd decides.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/scheduler/actions.h"
#include "daemon/scheduler/calendar.h"
#include "schemas/job.h"
#include "tests/simulator/marks.h"
#include "tests/simulator/timeline.h"

namespace dray::sim {

struct Violation {
  std::string promise;
  std::string what;
};

// What a campaign held, in figures.
struct Tally {
  uint64_t steps = 0;
  uint64_t frames = 0;
  uint64_t commits = 0;
  uint64_t runs = 0;
  uint64_t attempts = 0;
  uint64_t finished = 0;
  uint64_t faults = 0;
  uint64_t stale = 0;
  uint64_t lost = 0;
  Duration virtual_time{};
  Marks marks;
  void add(const Tally& other);
};

class Observer {
 public:
  // ── Set up ──
  void job(JobId id, const JobSpec& spec, WallTime created_at);
  void global_cap(uint32_t cap) { global_cap_ = cap; }
  void bandwidth_cap(uint64_t bytes_per_second) { bandwidth_cap_ = bytes_per_second; }

  // ── What was committed ──
  void committed(const scheduler::Action& action);

  // ── What arrived at its receiver ──
  void enqueue_acked(RunId run, const std::string& key);
  void cancel_acked(RunId run);
  void resume_asked(RunId run) { resumed_.insert(run); }
  void result_acked(const Token& token);

  // ── Process truth ──
  void process_started(const Token& token, const std::string& worker, int slots);
  void process_share(const Token& token, uint64_t bytes_per_second);
  void process_ended(const Token& token);
  // The machine of that worker is paused, or goes on: a transfer that went on must still be alone.
  void suspended(const std::string& worker, bool on);
  void stopped_for_lease(const Token& token, bool gentle);
  void result_sent(const Token& token) { results_sent_.insert(token); }

  // ── The end ──
  void store_refused(const std::string& why) { violate("legal moves", why); }
  void commit_lost(uint64_t stored, uint64_t committed);
  void settled();  // after the healed phase

  const std::vector<Violation>& violations() const { return violations_; }
  uint64_t open_runs() const { return open_; }
  uint64_t live_processes() const { return live_.size(); }
  Tally tally;

 private:
  struct JobTruth {
    JobSpec spec;
    WallTime created_at{};
    WallTime high_water{};
    std::set<WallTime> rows;  // of scheduled occurrences
    bool summarised = false;  // a row stands for several
    bool edited = false;
  };
  struct Process {
    Token token;
    std::string worker;
    JobId job;
    uint64_t share = 0;
    int slots = 0;
    bool suspended = false;
  };
  template <class... Args>
  void violate(const char* promise, fmt::format_string<Args...> text, Args&&... args) {
    violations_.push_back({promise, fmt::format(text, std::forward<Args>(args)...)});
  }
  void violate(const char* promise, const std::string& text) {
    violations_.push_back({promise, text});
  }
  void on(const scheduler::InsertRun& a);
  void on(const scheduler::UpdateRun& a);
  void on(const scheduler::InsertAttempt& a);
  void on(const scheduler::EndAttempt& a);
  void on(const scheduler::AddEvent& a);
  void on(const scheduler::UpdateJobDue& a);
  template <class T>
  void on(const T&) {}
  void check_no_process(const RunRow& row);
  void check_alone(const Process& process, int slots);
  void mark_states(RunState before, const RunRow& after);
  void check_occurrences();

  std::map<JobId, JobTruth> jobs_;
  std::map<RunId, RunRow> runs_;
  std::map<Token, AttemptRow> attempts_;
  std::map<RunId, Token> open_attempt_;
  std::map<Token, Process> live_;
  std::map<std::string, RunId> keys_;
  std::set<RunId> cancels_;
  std::set<Token> results_sent_;
  uint64_t last_event_ = 0;
  uint64_t open_ = 0;
  uint32_t global_cap_ = 0;
  uint64_t bandwidth_cap_ = 0;
  std::set<RunId> resumed_;
  std::vector<Violation> violations_;
};

}  // namespace dray::sim
