#include "daemon/scheduler/run_facts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "schemas/json_fields.h"
#include "schemas/report.h"

namespace dray::store {
namespace {

uint64_t median(std::vector<uint64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

Result<LearnedCounts> learned_counts(Db& db, JobId job, JobKind kind) {
  return guarded("read what earlier runs did", [&]() -> Result<LearnedCounts> {
    LearnedCounts learned;
    std::vector<uint64_t> durations;
    std::vector<uint64_t> bytes;
    RunId last;
    // A run that was held and approved tells in its first report what it did in the last attempt.
    auto query = db.query(
        "SELECT r.id, r.deletes, r.bytes, a.duration_ms, coalesce(p.report, '') FROM (SELECT id, "
        "attempt, deletes, bytes FROM (SELECT id, attempt, state, kind, dry_run, deletes, bytes, "
        "scheduled_at FROM runs WHERE job = ? ORDER BY scheduled_at DESC LIMIT ?) WHERE state IN "
        "(20, 21) AND kind = ? AND dry_run = 0 ORDER BY scheduled_at DESC LIMIT ?) r JOIN attempts "
        "a ON a.run = r.id AND a.attempt = r.attempt LEFT JOIN reports p ON p.run = r.id ORDER BY "
        "r.id");
    query.bind(job, kLearnedScan, kind, kLearnedRuns);
    while (query.next()) {
      const RunId run{query.as<uint64_t>(0)};
      if (run != std::exchange(last, run)) {
        learned.deletes = std::max(learned.deletes, query.as<uint64_t>(1));
        bytes.push_back(query.as<uint64_t>(2));
        durations.push_back(query.as<uint64_t>(3));
      }
      const std::string text = query.text(4);
      if (text.empty()) continue;
      const auto report = from_json<AttemptReport>(text, {.unknown_keys = true});
      if (!report || report->guard.empty()) continue;
      learned.deletes = std::max(learned.deletes, report->guard.front().deletes);
      learned.overwrites = std::max(learned.overwrites, report->guard.front().overwrites);
    }
    learned.duration_ms = median(std::move(durations));
    learned.bytes = median(std::move(bytes));
    return learned;
  });
}

}  // namespace dray::store
