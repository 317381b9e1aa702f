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
  // What the attempt's processes keep to now, and whether that follows set_bandwidth().
  std::function<void(const Token&, bool live, uint64_t bytes_per_second)> bandwidth = {};
  // An answer to a chunk, with the chunk's id.
  std::function<void(const UploadState&, uint64_t id)> upload_state = {};
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
  // Bytes per second from now on; 0: no cap. Answered by ExecutorEvents::bandwidth. Only attempts
  // with RunSpec::live_bandwidth follow.
  virtual void set_bandwidth(const Token& /*token*/, uint64_t /*bytes_per_second*/) {}

  // For an attempt that runs; others are passed over, because the sender asks again.
  virtual void upload(UploadChunk chunk, uint64_t id) = 0;

  virtual void probe(const Probe& probe, std::function<void(ProbeResult)> done) = 0;
  virtual LogChunk read_log(const LogRead& question) = 0;
};

}  // namespace dray::worker
