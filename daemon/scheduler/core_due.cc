// Occurrences: every one that falls due becomes a run, or a row that says why not.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

// Occurrences that are due: the latest ones, and how many there were before them.
struct Due {
  std::deque<WallTime> latest;
  uint64_t earlier = 0;
  bool uncounted = false;  // there were more than `earlier`
};

// The occurrences in (after, until], the last `keep` of them.
std::deque<WallTime> last_of(const CompiledSchedule& schedule, WallTime after, WallTime until,
                             size_t keep) {
  std::deque<WallTime> list;
  for (auto t = schedule.next_after(after); t && *t <= until; t = schedule.next_after(*t)) {
    list.push_back(*t);
    if (list.size() > keep) list.pop_front();
  }
  return list;
}

Due collect(const CompiledSchedule& schedule, WallTime first, WallTime until, size_t keep) {
  Due due;
  std::optional<WallTime> next = first;
  while (next && *next <= until && due.earlier < kMissedCount) {
    due.latest.push_back(*next);
    if (due.latest.size() > keep) {
      due.latest.pop_front();
      ++due.earlier;
    }
    next = schedule.next_after(*next);
  }
  if (!next || *next > until) return due;
  // Too many to walk over: find the latest ones from behind. What the walk kept bounds the search,
  // so that it ends with `keep` of them even if hardly any follow.
  due.uncounted = true;
  const WallTime earliest = due.latest.front() - microseconds{1};
  for (microseconds span = minutes{keep};; span *= 2) {
    const WallTime from = std::max(until - span, earliest);
    due.latest = last_of(schedule, from, until, keep);
    if (due.latest.size() >= keep || from == earliest) return due;
  }
}

std::string missed_reason(MisfirePolicy policy) {
  switch (policy) {
    case MisfirePolicy::skip:
      return "it passed while the scheduler was away; the job skips such occurrences";
    case MisfirePolicy::run_once:
      return "it passed while the scheduler was away; the latest occurrence runs for all of them";
    case MisfirePolicy::run_all:
      return "it passed while the scheduler was away; later occurrences run up to the job's limit";
  }
  return "";
}

}  // namespace

void Core::Impl::push_due(const Job& job) {
  if (!job.next_due) return;
  // Entries that edits made useless are thrown away when they outnumber the jobs.
  if (due_.size() > 2 * jobs_.size() + 1024) {
    std::vector<std::pair<WallTime, uint64_t>> entries;
    for (const auto& [id, each] : jobs_)
      if (each.next_due) entries.emplace_back(*each.next_due, id.value);
    due_.assign(std::move(entries));
    return;
  }
  due_.push(*job.next_due, job.id.value);
}

void Core::Impl::schedule_next(Job& job) {
  job.next_due.reset();
  if (job.schedule && job.enabled && !job.removed)
    job.next_due = job.schedule->next_after(job.high_water);
}

void Core::Impl::fire_occurrences() {
  size_t rows = 0;
  while (!due_.empty() && due_.top().first <= now_.wall && rows < kOccurrenceRowsPerStep) {
    const auto [when, id] = due_.top();
    due_.pop();
    const auto job = jobs_.find(JobId{id});
    if (job == jobs_.end() || job->second.next_due != when) continue;
    rows += catch_up(job->second);
  }
}

size_t Core::Impl::catch_up(Job& job) {
  const bool skips = job.misfire == MisfirePolicy::skip;
  const size_t most = job.misfire == MisfirePolicy::run_all ? std::max(job.misfire_max, 1u) : 1;
  Due due = collect(*job.schedule, *job.next_due, now_.wall, kMissedRows + most);
  std::deque<WallTime>& latest = due.latest;
  size_t runs = std::min(most, latest.size());
  if (skips)
    runs = static_cast<size_t>(std::count_if(
        latest.begin(), latest.end(), [this](WallTime t) { return now_.wall - t <= kOnTime; }));
  for (; latest.size() - runs > kMissedRows; ++due.earlier)
    latest.pop_front();

  const size_t rows = latest.size();
  job.high_water = latest.back();
  schedule_next(job);
  push_due(job);
  emit(UpdateJobDue{job.id, job.high_water, job.next_due});
  for (size_t i = 0; i < rows; ++i) {
    if (i >= rows - runs) {
      occur(job, latest[i], i > rows - runs && !skips);
      continue;
    }
    std::string reason = missed_reason(job.misfire);
    if (i == 0 && due.earlier > 0)
      reason += fmt::format(". This row stands for {}{} earlier ones as well",
                            due.uncounted ? "more than " : "", due.earlier);
    record(job, latest[i], RunState::missed, std::move(reason));
  }
  return rows;
}

void Core::Impl::record(Job& job, WallTime at, RunState state, std::string reason) {
  RunRow row = new_row(job, Trigger::schedule, at);
  row.state = state;
  row.reason = std::move(reason);
  row.ended_at = row.queued_at;
  ended_runs_.put(row.id, state);
  const std::string_view kind =
      state == RunState::missed ? event_kind::kRunMissed : event_kind::kRunSkipped;
  Body body;
  body.time("scheduled_at", at).text("reason", row.reason);
  emit(InsertRun{row});
  add_event(kind, &row, body.done());
}

void Core::Impl::occur(Job& job, WallTime at, bool one_of_many) {
  if (runs_.size() >= limits::kMaxOpenRuns) {
    record(job, at, RunState::skipped, "the queue is full");
    return;
  }
  if (!one_of_many) {
    if (auto overlap = check_overlap(job)) {
      record(job, at, RunState::skipped, std::move(overlap->why));
      return;
    }
    make_room(job, "replaced by the next occurrence");
  }
  Run& run = add_run(new_row(job, Trigger::schedule, at), job);
  emit(InsertRun{run.row});
  Body body;
  body.text("trigger", to_string(run.row.trigger)).time("scheduled_at", at);
  add_event(event_kind::kRunQueued, &run.row, body.done());
  make_ready(run);
}

// ── Overlap ─────────────────────────────────────────────────────────────────────────────────────

// Prunes and restores are no backups: the next one waits for them, but is not passed over.
std::optional<Core::Impl::Overlap> Core::Impl::check_overlap(const Job& job) const {
  for (const RunId id : job.open) {
    const RunRow& row = find(id)->row;
    if (!is_job_kind(row.kind)) continue;
    if (job.overlap == OverlapPolicy::skip)
      return Overlap{id,
                     fmt::format("run {} of the job has not ended ({})", id, to_string(row.state))};
    if (job.overlap != OverlapPolicy::queue_one || is_on_worker(row.state)) continue;
    return Overlap{id,
                   fmt::format("run {} of the job already waits ({})", id, to_string(row.state))};
  }
  return std::nullopt;
}

// overlap = cancel_previous: whatever is open makes way.
void Core::Impl::make_room(Job& job, std::string_view why) {
  if (job.overlap != OverlapPolicy::cancel_previous) return;
  const std::vector<RunId> open = job.open;
  for (const RunId id : open)
    if (Run& run = *find(id); is_job_kind(run.row.kind) && run.row.state != RunState::cancelling)
      cancel(run, why, "drayd");
}

}  // namespace dray::scheduler
