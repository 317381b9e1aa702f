// One guarded process from spawn to its very end: run machine, log reader, evidence and stall watch
// around a ChildProcess. What steps are built from.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/fd.h"
#include "workers/attempt_state.h"
#include "workers/run_evidence.h"
#include "workers/run_machine.h"

namespace dray::worker {

struct ProcessPlan {
  std::string label;  // shows in process lists: "run-812-1"
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::string directory;  // to work in; empty: the attempt's own
  RcloneVerb verb = RcloneVerb::unknown;
  Duration stall{};                         // of no counter moving; 0: never
  bool capture_output = false;              // standard output to on_output
  UniqueFd output;                          // standard output goes there instead; empty: nowhere
  bool feed_input = false;                  // standard input from input()
  const AllowedProgram* program = nullptr;  // a hook or command, not rclone
  std::function<void()> on_started;         // all of these may be empty
  std::function<void(std::span<const char>)> on_output;
  std::function<void(const StatsRecord&)> on_stats;
  // Every line that is no record of rclone's.
  std::function<void(std::string_view)> on_plain;
};

// How it ended. `evidence` is complete for judge() (exit_judge.h).
struct ProcessEnd {
  std::optional<Error> start_error;  // then nothing below is set
  std::optional<StopReason> stopped;
  bool by_deadline = false;
  RunEvidence evidence;
};

// The judgement of an rclone process as the end of a step.
StepEnd judge_process(const ProcessEnd& end);

class ProcessRunner {
 public:
  // Writes the process's log to the attempt's. `state` outlives this.
  ProcessRunner(AttemptState& state, ProcessPlan plan, std::function<void(ProcessEnd)> done);
  ~ProcessRunner();  // kills what still runs
  ProcessRunner(const ProcessRunner&) = delete;
  ProcessRunner& operator=(const ProcessRunner&) = delete;

  // `done` is called once, from the loop or within begin() or stop(); it must not destroy this.
  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);
  // Some counter moved at `since`: for a process that is not rclone, or one whose stats are of no
  // use.
  void moved(Instant since);
  // With feed_input, from on_started on: see child_process.h.
  int input() const;
  void end_input();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
