// One part of an attempt: a hook, the guard, the transfer, the validation, the manifest ... An
// attempt (attempt_run.h) carries its steps out one after the other; run_plan.h says which there
// are.
//
// Thread: that of the loop. A step belongs to its attempt and is destroyed after it has ended.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/messages_ops.h"
#include "schemas/outcome.h"
#include "schemas/progress.h"
#include "workers/worker_core.h"

namespace dray::worker {

// How a step ended. The first one that did not succeed decides the attempt; warnings are kept and
// the attempt goes on.
struct StepEnd {
  Outcome outcome = Outcome::succeeded;
  ErrorClass error_class = ErrorClass::none;
  bool retry = false;         // another attempt may help
  std::string hint;           // one sentence for a person; empty when there is nothing to say
  std::string deciding_line;  // cleaned
  int32_t exit_code = -1;     // of the process that decided; -1: none
  int32_t signal = 0;
  bool never_started = false;  // nothing was spawned
  std::string output;          // the end of what a hook or command said, cleaned
};

// What stands in the way before anything was started: ours to mend, or gone the next time.
StepEnd start_failure(const Error& error);
// A step that somebody stopped.
StepEnd stopped_end(StopReason reason);

constexpr bool is_good(Outcome outcome) {
  return outcome == Outcome::succeeded || outcome == Outcome::nothing_to_do ||
         outcome == Outcome::warning;
}

// The attempt, as its steps see it.
class StepHost {
 public:
  virtual ~StepHost() = default;
  // The first process of the attempt runs.
  virtual void running() = 0;
  // A picture of this step by itself; the attempt fits it into the whole. At most two a second are
  // passed on unless `always`.
  virtual void show(const Progress& progress, bool always) = 0;
  // To the sender of the file that the attempt receives.
  virtual void upload_state(const UploadState& state, uint64_t id) = 0;
  // Exactly once for each begin(), when nothing of the step is left; may be called within begin()
  // or stop(). The step is destroyed some time after it.
  virtual void ended(StepEnd end) = 0;
};

class Step {
 public:
  virtual ~Step() = default;
  virtual void begin() = 0;
  // Everything of it is killed then, unless this is called again.
  virtual void extend(Instant kill_at) = 0;
  // It ends soon after; repeated calls change nothing.
  virtual void stop(StopReason reason) = 0;
};

}  // namespace dray::worker
