// The numbers that the database tells of jobs, queue and itself, for monitoring. Same thread as the
// connection, which it borrows. Only reads, bounded in time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/access.h"

namespace dray::store {

class Db;

struct JobMetrics {
  std::string client;
  std::string job;
  // Since the job is there, also of runs that the history has forgotten.
  std::map<std::string, uint64_t> ended;  // runs by state
  uint64_t bytes_total = 0;
  uint64_t files_total = 0;
  WallTime last_success{};  // the epoch: never
  // Of the last run that ended; none: there was none.
  std::optional<double> duration_seconds;
  std::optional<double> bytes;
  std::optional<double> files;
  std::optional<double> grade;
};

struct QueueMetrics {
  uint64_t waiting = 0;  // for a worker or their next attempt
  uint64_t running = 0;
  double oldest_waiting_seconds = 0;
};

struct MetricsSnapshot {
  std::vector<JobMetrics> jobs;
  std::map<std::string, uint64_t> open;        // runs by state
  std::map<std::string, QueueMetrics> queues;  // by client, also of those without any
  std::map<std::string, uint64_t> counts;
  uint64_t database_bytes = 0;
  uint64_t last_sequence = 0;
  std::vector<TokenView> tokens;
};

// `client`: only of this one; "": of all.
Result<MetricsSnapshot> read_metrics(Db& db, const std::string& client, WallTime now);

}  // namespace dray::store
