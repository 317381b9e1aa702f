// Runs that somebody asks for.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

uint8_t wire_code(ErrorCode code) {
  return static_cast<uint8_t>(static_cast<int>(code) + 1);
}

Enqueued refusal(ErrorCode code, std::string message, RunId run = {}) {
  return Enqueued{wire_code(code), std::move(message), run};
}

// A file comes with every run of an upload job, and with no other.
std::string check_task(const Job& job, const Enqueue& request) {
  const bool takes_files = job.kind == JobKind::upload;
  if (takes_files && request.task.empty())
    return fmt::format(
        "job {0} takes files that are handed in: `dray push FILE --client CLIENT --job {0}`",
        job.name);
  if (!takes_files && !request.task.empty())
    return fmt::format("job {} takes no files: its kind is {}", job.name, to_string(job.kind));
  if (takes_files && request.dry_run) return "an upload cannot be rehearsed";
  return "";
}

}  // namespace

void Core::Impl::on(const RunNow& event) {
  const Enqueue& request = event.request;
  const auto answer = [&](Enqueued message) {
    emit(ReplyEnqueued{event.asker, std::move(message)});
  };
  Job* job = job_by_name(request.job);
  if (job == nullptr || job->removed)
    return answer(refusal(ErrorCode::not_found, fmt::format("no job {}", quoted(request.job))));
  if (const KeyedRun* known = known_key(request.idempotency_key)) {
    if (known->job == job->id)
      return answer(
          Enqueued{0, fmt::format("run {} was already asked for", known->run), known->run});
    return answer(
        refusal(ErrorCode::invalid,
                fmt::format("the idempotency key belongs to run {} of another job", known->run)));
  }
  if (const std::string why = check_task(*job, request); !why.empty())
    return answer(refusal(ErrorCode::invalid, why));
  if (runs_.size() >= limits::kMaxOpenRuns)
    return answer(refusal(ErrorCode::exhausted, "the queue is full; cancel or finish runs first"));
  // Restores are no backups: they wait for those that are on, and nothing makes way for them.
  if (!event.rerun || is_job_kind(event.rerun->kind)) {
    if (const auto overlap = check_overlap(*job))
      return answer(refusal(ErrorCode::conflict, overlap->why, overlap->in_the_way));
    make_room(*job, "replaced by a run that was asked for");
  }

  last_manual_at_ = std::max(now_.wall, last_manual_at_ + microseconds{1});
  RunRow row = new_row(*job, Trigger::manual, last_manual_at_);
  row.priority = std::clamp(request.priority.value_or(job->priority), limits::kMinPriority,
                            limits::kMaxPriority);
  row.dry_run = request.dry_run;
  row.task = request.task;
  if (event.rerun) {
    row.kind = event.rerun->kind;
    row.task = event.rerun->task;
    row.rerun_of = request.rerun_of;
  }
  row.asked_by = request.asked_by.empty() ? event.asker.name : request.asked_by;
  row.idempotency_key = request.idempotency_key;
  Run& run = add_run(std::move(row), *job);
  if (!request.idempotency_key.empty())
    remember_key(KeyedRun{request.idempotency_key, run.row.id, job->id, now_.wall},
                 now_.mono + kIdempotencyWindow);
  emit(InsertRun{run.row});
  Body body;
  body.text("trigger", to_string(run.row.trigger)).time("scheduled_at", run.row.scheduled_at);
  body.text("asked_by", run.row.asked_by);
  add_event(event_kind::kRunQueued, &run.row, body.done());
  answer(Enqueued{0, fmt::format("run {} is queued", run.row.id), run.row.id});
  make_ready(run);
}

const KeyedRun* Core::Impl::known_key(const std::string& key) {
  while (!keys_order_.empty()) {
    const auto oldest = keys_.find(keys_order_.front());
    if (oldest->second.second > now_.mono && keys_.size() <= kMaxIdempotencyKeys) break;
    keys_.erase(oldest);
    keys_order_.pop_front();
  }
  if (key.empty()) return nullptr;
  const auto it = keys_.find(key);
  return it == keys_.end() ? nullptr : &it->second.first;
}

void Core::Impl::remember_key(const KeyedRun& key, Instant until) {
  if (keys_.emplace(key.key, std::pair{key, until}).second) keys_order_.push_back(key.key);
}

}  // namespace dray::scheduler
