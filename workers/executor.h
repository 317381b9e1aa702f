// The seam between the worker's protocol and what carries transfers out. In production that is
// RcloneExecutor; benchmarks put a no-op in its place to measure everything else.
#pragma once

#include <functional>
#include <string>

#include "daemon/base/time.h"
#include "schemas/messages.h"
#include "workers/worker_core.h"

namespace dray::worker {

// What an executor tells. All called from the loop, never from inside a call of the Executor.
struct ExecutorEvents {
  std::function<void(const Token&)> running;
  // At most two a second for each attempt.
  std::function<void(const Token&, const Progress&)> progress;
  // Exactly once for each start(), when nothing of the attempt is left.
  std::function<void(AttemptResult)> ended;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Once, before anything else.
  virtual void listen(ExecutorEvents events) = 0;

  virtual void start(const StartAttempt& attempt) = 0;
  virtual void extend(const Token& token, Instant kill_at) = 0;
  virtual void stop(const Token& token, StopReason reason, const std::string& detail) = 0;

  virtual void probe(const Probe& probe, std::function<void(ProbeResult)> done) = 0;
  virtual LogChunk read_log(const LogRead& question) = 0;
};

}  // namespace dray::worker
