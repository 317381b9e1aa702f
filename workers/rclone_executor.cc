#include "workers/rclone_executor.h"

#include <utility>

#include "daemon/base/files.h"
#include "daemon/base/log.h"

namespace dray::worker {

RcloneExecutor::RcloneExecutor(RunContext context, const LogStore& logs)
    : context_(std::move(context)), logs_(logs) {}

RcloneExecutor::~RcloneExecutor() = default;

void RcloneExecutor::listen(ExecutorEvents events) {
  listener_ = std::move(events);
  // Runs speak from inside calls of ours and from handlers of their processes: what makes others
  // act is put off to the loop.
  const auto later = [this](auto call) {
    context_.loop.post([call = std::move(call), alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) call();
    });
  };
  run_events_.running = [this, later](const Token& token) {
    later([this, token] { listener_.running(token); });
  };
  run_events_.progress = [this, later](const Token& token, const Progress& progress) {
    later([this, token, progress] { listener_.progress(token, progress); });
  };
  run_events_.bandwidth = [this, later](const Token& token, bool live, uint64_t limit) {
    later([this, token, live, limit] {
      if (listener_.bandwidth) listener_.bandwidth(token, live, limit);
    });
  };
  run_events_.upload_state = [this, later](const UploadState& state, uint64_t id) {
    later([this, state, id] { listener_.upload_state(state, id); });
  };
  run_events_.ended = [this, later](AttemptResult result) {
    later([this, result = std::move(result)] { ended(result); });
  };
}

void RcloneExecutor::start(const StartAttempt& attempt) {
  auto& run = runs_[attempt.token];
  run = std::make_unique<AttemptRun>(context_, attempt, run_events_);
  run->begin();
}

void RcloneExecutor::extend(const Token& token, Instant kill_at) {
  if (const auto run = runs_.find(token); run != runs_.end()) run->second->extend(kill_at);
}

void RcloneExecutor::set_bandwidth(const Token& token, uint64_t bytes_per_second) {
  if (const auto run = runs_.find(token); run != runs_.end())
    run->second->set_bandwidth(bytes_per_second);
}

void RcloneExecutor::stop(const Token& token, StopReason reason, const std::string& detail) {
  const auto run = runs_.find(token);
  if (run == runs_.end()) return;
  log_info({"run.stopping", {{"run", token.run}, {"attempt", token.attempt}, {"reason", reason}}},
           "stopping run {}: {}{}{}", token.run, to_string(reason), detail.empty() ? "" : ", ",
           detail);
  run->second->stop(reason);
}

void RcloneExecutor::ended(AttemptResult result) {
  const Token token = result.token;
  listener_.ended(std::move(result));
  // Results are stored and sent at the end of the turn, by a hook that stands before this one.
  context_.loop.at_end_of_turn([this, token, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) clean_up(token);
  });
}

// A sender that does not know the attempt yet names the run alone.
void RcloneExecutor::upload(UploadChunk chunk, uint64_t id) {
  for (const auto& [token, run] : runs_) {
    if (token.run != chunk.token.run) continue;
    const bool any = chunk.token.attempt == 0 && chunk.token.worker_epoch == 0;
    if (any || token == chunk.token) return run->upload(std::move(chunk), id);
  }
}

// After the result is on its way: nobody waits for this.
void RcloneExecutor::clean_up(const Token& token) {
  const auto run = runs_.find(token);
  if (run == runs_.end()) return;
  if (std::unique_ptr<RunLog> log = run->second->take_log()) {
    if (!log->problem().empty())
      log_warn({"run.log_incomplete", {{"run", token.run}}}, "the log of run {} lacks {} bytes: {}",
               token.run, log->refused_bytes(), log->problem());
    packing_.emplace_back(std::move(log));
    if (packing_.size() == 1) pack();
  }
  if (const Status removed = remove_tree(run->second->directory()); !removed)
    log_warn({"run.directory_left", {{"run", token.run}}},
             "cannot remove the directory of run {}: {}", token.run, removed.error().message);
  runs_.erase(run);
}

void RcloneExecutor::pack() {
  context_.loop.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired() || packing_.empty()) return;
    const Result<bool> done = packing_.front().step();
    if (!done) log_warn("log.not_packed", "cannot pack a log: {}", done.error().message);
    if (!done || *done) packing_.pop_front();
    if (!packing_.empty()) pack();
  });
}

void RcloneExecutor::probe(const Probe& probe, std::function<void(ProbeResult)> done) {
  if (probes_.size() >= kMaxProbes) {
    ProbeResult busy;
    busy.error_class = ErrorClass::resources;
    busy.hint = "The worker is testing other remotes; try again in a minute.";
    done(busy);
    return;
  }
  const uint64_t number = next_probe_++;
  probes_[number] = std::make_unique<RcloneProbe>(
      context_, number, probe, [this, number, done = std::move(done)](ProbeResult result) {
        done(std::move(result));
        context_.loop.post([this, number, alive = std::weak_ptr<bool>(alive_)] {
          if (!alive.expired()) probes_.erase(number);
        });
      });
}

LogChunk RcloneExecutor::read_log(const LogRead& question) {
  const auto is_asked = [&](const Token& token) {
    return token.run == question.run && token.attempt == question.attempt;
  };
  for (const auto& [token, run] : runs_)
    if (is_asked(token) && run->log() != nullptr)
      return dray::worker::read_log(logs_, run->log(), question);
  const std::string path = logs_.path(question.run, question.attempt);
  for (const PackJob& job : packing_) {
    if (job.log().path() != path) continue;
    LogChunk chunk = dray::worker::read_log(logs_, &job.log(), question);
    chunk.ended = true;
    return chunk;
  }
  return dray::worker::read_log(logs_, nullptr, question);
}

}  // namespace dray::worker
