// Decides who is told what: events of the journal in, occasions out. Pure: no clock, I/O or thread;
// the state of jobs that it keeps goes out to be stored with the cursor, and comes back at the
// start.
//
// Which rules hold for a job: all of the operator's, and of its client's those of the job itself
// or, where it has none, those for all jobs of the client. Of one event, a recipient of a channel
// hears once, whatever the number of rules.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/answers_runs.h"
#include "schemas/notify.h"

namespace dray::notify {

// What is remembered of a job.
struct JobState {
  std::string job;
  std::string client;
  bool active = true;  // enabled and not paused: only then it can be overdue
  WallTime active_since{};
  uint32_t failures = 0;  // in a row
  WallTime failing_since{};
  WallTime last_success_at{};
  std::set<uint64_t> overdue;  // rules that have told of it; each tells once
  friend bool operator==(const JobState&, const JobState&) = default;
};

struct Target {
  uint64_t rule = 0;
  std::string channel;
  std::string recipient;  // "" where the channel takes none
  std::string owner;      // the client whose rule it is; "": the operator
  friend bool operator==(const Target&, const Target&) = default;
};

// Something that people are to be told, and what the journal does not say of it.
struct Occasion {
  NotifyEvent event = NotifyEvent::test;
  uint64_t sequence = 0;  // of the journal; 0: nothing happened, which is the news
  WallTime at{};
  std::string client;
  std::string job;
  RunId run;
  std::string kind;    // of the run
  std::string reason;  // where the run has none
  uint32_t failures = 0;
  WallTime failing_since{};
  WallTime last_success_at{};
  uint64_t must_succeed_every_seconds = 0;
  std::vector<Target> targets;
};

// The last thing that is known of each job that changed; no state: the job is gone.
using JobChanges = std::map<std::string, std::optional<JobState>>;

class Rules {
 public:
  Rules() = default;
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

  // Replaces what was loaded before.
  void load_rules(std::vector<NotifyRule> rules);
  void load_states(std::vector<JobState> states);

  // An event of the journal, in order. With `quiet` only the states move: for what happened before
  // anybody wanted to be told.
  std::vector<Occasion> step(const EventView& event, bool quiet);
  // What is overdue now and was not told of yet.
  std::vector<Occasion> overdue(WallTime now);

  bool has_changes() const { return !changes_.empty(); }
  // Since the last call.
  JobChanges take_changes();
  const JobState* find(std::string_view job) const;

 private:
  struct Body;
  std::vector<const NotifyRule*> rules_for(const std::string& client, const std::string& job) const;
  JobState& state_of(const EventView& event);
  void touch(const JobState& state) { changes_[state.job] = state; }
  void set_active(const EventView& event, const Body& body);
  std::vector<Occasion> finished(const EventView& event, const Body& body, bool quiet);
  std::vector<Occasion> told(const EventView& event, const Body& body, NotifyEvent what,
                             const JobState& state, bool quiet) const;

  std::vector<NotifyRule> rules_;
  std::vector<const NotifyRule*> operator_rules_;
  std::map<std::string, std::vector<const NotifyRule*>, std::less<>> client_rules_;
  std::map<std::string, std::vector<const NotifyRule*>, std::less<>> job_rules_;
  std::map<std::string, JobState, std::less<>> states_;
  JobChanges changes_;
};

}  // namespace dray::notify
