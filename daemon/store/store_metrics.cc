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
      "SELECT j.id, j.client, j.name, t.state, sum(t.runs), max(t.ended_at), sum(t.bytes), "
      "sum(t.files) FROM jobs j JOIN (SELECT job, state, count(*) AS runs, max(ended_at) AS "
      "ended_at, sum(bytes) AS bytes, sum(files) AS files FROM runs WHERE state >= 20 GROUP BY "
      "job, "
      "state UNION ALL SELECT job, state, runs, NULL, bytes, files FROM run_totals) t ON t.job = "
      "j.id WHERE ?1 = '' OR j.client = ?1 GROUP BY j.id, t.state");
  query.bind(client);
  while (query.next()) {
    JobMetrics& job = jobs[query.i64(0)];
    job.client = query.text(1);
    job.job = query.text(2);
    const auto state = query.as<RunState>(3);
    job.ended[std::string(to_string(state))] = query.as<uint64_t>(4);
    job.bytes_total += query.as<uint64_t>(6);
    job.files_total += query.as<uint64_t>(7);
    const bool good = state == RunState::succeeded || state == RunState::warning;
    if (good && !query.is_null(5)) job.last_success = std::max(job.last_success, query.time(5));
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

void read_queues(Db& db, const std::string& client, WallTime now, MetricsSnapshot& snapshot) {
  auto clients = db.query("SELECT name FROM clients WHERE ?1 = '' OR name = ?1");
  clients.bind(client);
  while (clients.next())
    snapshot.queues[clients.text(0)] = {};
  auto query = db.query(
      "SELECT client, state, count(*), min(queued_at) FROM runs WHERE state < 20 AND (?1 = '' OR "
      "client = ?1) GROUP BY client, state");
  query.bind(client);
  while (query.next()) {
    const auto state = query.as<RunState>(1);
    const auto count = query.as<uint64_t>(2);
    QueueMetrics& queue = snapshot.queues[query.text(0)];
    snapshot.open[std::string(to_string(state))] += count;
    if (is_on_worker(state)) queue.running += count;
    if (state == RunState::queued || state == RunState::retry_wait) queue.waiting += count;
    if (state == RunState::queued)
      queue.oldest_waiting_seconds = seconds_between(query.time(3), now);
  }
}

}  // namespace

Result<MetricsSnapshot> read_metrics(Db& db, const std::string& client, WallTime now) {
  return guarded("read the metrics", [&]() -> Result<MetricsSnapshot> {
    MetricsSnapshot snapshot;
    Queries queries(db, kMetricsLimit);
    queries.bind_to(client);
    DRAY_TRY_ASSIGN(snapshot.counts, queries.counts());
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
    read_queues(db, client, now, snapshot);
    return snapshot;
  });
}

}  // namespace dray::store
