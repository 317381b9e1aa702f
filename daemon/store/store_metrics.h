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
  std::map<std::string, uint64_t> ended;  // runs by state
  WallTime last_success{};                // the epoch: never
  // Of the last run that ended; none: there was none.
  std::optional<double> duration_seconds;
  std::optional<double> bytes;
  std::optional<double> files;
  std::optional<double> grade;
};

struct MetricsSnapshot {
  std::vector<JobMetrics> jobs;
  std::map<std::string, uint64_t> open;  // runs by state
  std::map<std::string, uint64_t> counts;
  double oldest_waiting_seconds = 0;
  uint64_t database_bytes = 0;
  uint64_t last_sequence = 0;
  std::vector<TokenView> tokens;
};

// `client`: only of this one; "": of all.
Result<MetricsSnapshot> read_metrics(Db& db, const std::string& client, WallTime now);

}  // namespace dray::store
