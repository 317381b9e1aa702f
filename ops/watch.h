// Looks on while runs go: a live view on a terminal, a line per change elsewhere. Survives restarts
// of broker and scheduler: it says that it waits, and asks again for what it missed.
#pragma once

#include <functional>
#include <optional>

#include "ops/context.h"
#include "ops/progress_view.h"

namespace dray::ops {

struct WatchOptions {
  std::optional<Duration> timeout;  // then: Exit::timed_out; the run goes on
  bool stream_json = false;         // one JSON object per change
  bool silent = false;              // no output before the end
  bool say_end = true;              // the outcome in words at the end
  // Called for every piece of news that wakes the loop up (demo: pumps the daemons' logs).
  std::function<void()> on_turn;
  LiveArea* area = nullptr;  // where to draw; its own when null
};

struct WatchEnd {
  bool finished = false;  // false: timed out or detached by Ctrl-C
  bool interrupted = false;
  RunShowAnswer last;     // the newest answer
  std::string last_json;  // the same as text
};

// Until the run has ended. not_found: there is no such run.
Result<WatchEnd> watch_run(Context& context, Backend& daemon, RunId run,
                           const WatchOptions& options);

// A reason of run.why: a sentence, or an object with one.
std::string reason_text(const Json& reason);

// All open runs, until Ctrl-C.
Result<Exit> watch_all(Context& context, Backend& daemon);

// What `--wait` and `watch` end with.
Exit exit_of(const WatchEnd& end);

}  // namespace dray::ops
