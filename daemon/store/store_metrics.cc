#include "daemon/store/store_metrics.h"

#include <chrono>

#include "daemon/store/store_access.h"
#include "daemon/store/store_db.h"
#include "daemon/store/store_queries.h"
#include "schemas/run_state.h"

namespace dray::store {
namespace {

// Prometheus asks every few seconds, and the history may be long.
constexpr Duration kMetricsLimit = seconds{1};

double seconds_between(WallTime from, WallTime to) {
  return std::chrono::duration<double>(to - from).count();
}

void read_ended(Db& db, const std::string& client, std::map<int64_t, JobMetrics>& jobs) {
  auto query = db.query(
      "SELECT j.id, j.client, j.name, r.state, count(*), max(r.ended_at) FROM jobs j JOIN runs r "
      "ON r.job = j.id WHERE r.state >= 20 AND (?1 = '' OR j.client = ?1) GROUP BY j.id, r.state");
  query.bind(client);
  while (query.next()) {
    JobMetrics& job = jobs[query.i64(0)];
    job.client = query.text(1);
    job.job = query.text(2);
    const auto state = query.as<RunState>(3);
    job.ended[std::string(to_string(state))] = query.as<uint64_t>(4);
    if (state == RunState::succeeded || state == RunState::warning)
      job.last_success = std::max(job.last_success, query.time(5));
  }
}

void read_last(Db& db, std::map<int64_t, JobMetrics>& jobs) {
  auto query = db.query(
      "SELECT s.job, r.started_at, r.ended_at, r.bytes, r.files, r.grade FROM job_states s JOIN "
      "runs r ON r.id = s.last_run WHERE r.ended_at IS NOT NULL");
  while (query.next()) {
    const auto job = jobs.find(query.i64(0));
    if (job == jobs.end()) continue;
    if (!query.is_null(1))
      job->second.duration_seconds = seconds_between(query.time(1), query.time(2));
    job->second.bytes = static_cast<double>(query.i64(3));
    job->second.files = static_cast<double>(query.i64(4));
    job->second.grade = static_cast<double>(query.i64(5));
  }
}

}  // namespace

Result<MetricsSnapshot> read_metrics(Db& db, const std::string& client, WallTime now) {
  return guarded("read the metrics", [&]() -> Result<MetricsSnapshot> {
    MetricsSnapshot snapshot;
    Queries queries(db, kMetricsLimit);
    queries.bind_to(client);
    DRAY_TRY_ASSIGN(snapshot.counts, queries.counts());
    DRAY_TRY_ASSIGN(snapshot.open, queries.open_runs());
    DRAY_TRY_ASSIGN(snapshot.last_sequence, queries.last_sequence());
    if (client.empty()) {
      DRAY_TRY_ASSIGN(snapshot.tokens, Access(db).tokens());
      snapshot.database_bytes =
          std::stoull(db.pragma("page_count")) * std::stoull(db.pragma("page_size"));
    }
    const TimeBound bound(db, kMetricsLimit);
    std::map<int64_t, JobMetrics> jobs;
    read_ended(db, client, jobs);
    read_last(db, jobs);
    for (auto& [id, job] : jobs)
      snapshot.jobs.push_back(std::move(job));
    auto oldest = db.query(
        "SELECT min(queued_at) FROM runs WHERE state < 20 AND state = ?1 AND (?2 = '' OR client = "
        "?2)");
    if (oldest.bind(RunState::queued, client).next() && !oldest.is_null(0))
      snapshot.oldest_waiting_seconds = seconds_between(oldest.time(0), now);
    return snapshot;
  });
}

}  // namespace dray::store
