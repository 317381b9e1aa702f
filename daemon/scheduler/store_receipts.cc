#include "daemon/scheduler/store_receipts.h"

#include <algorithm>

#include "daemon/base/log.h"
#include "daemon/scheduler/store_db.h"
#include "daemon/scheduler/store_queries.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"
#include "schemas/report.h"

namespace dray::store {

void add_receipt(Db& db, const AttemptRow& row) {
  const Outcome outcome = row.result.outcome;
  if (outcome != Outcome::succeeded && outcome != Outcome::warning) return;
  // Most reports have none; those of all runs pass here.
  if (!row.result.report.contains("\"receipt\":[{")) return;
  const auto report = from_json<AttemptReport>(row.result.report, {.unknown_keys = true});
  if (!report)
    return log_warn({"report.unreadable", {{"run", row.token.run}}}, "the report of run {}: {}",
                    row.token.run, report.error().message);
  for (const ReceiptReport& receipt : report->receipt)
    db.query(
          "INSERT OR REPLACE INTO receipts (run, job_name, client, at, name, path, size, crc32, "
          "sha256) SELECT id, job_name, client, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?")
        .bind(row.ended_at, receipt.name, receipt.path, receipt.size, receipt.crc32, receipt.sha256,
              row.token.run)
        .run();
}

Result<std::vector<ReceiptView>> receipts(Db& db, const ReceiptFilter& filter) {
  return guarded("read receipts", [&]() -> Result<std::vector<ReceiptView>> {
    const TimeBound bound(db, kQuestionLimit);
    std::vector<ReceiptView> rows;
    auto query = db.query(
        "SELECT run, job_name, client, at, name, path, size, crc32, sha256 FROM receipts WHERE "
        "(?1 = '' OR client = ?1) AND (?2 = '' OR name = ?2) AND (?3 = '' OR job_name = ?3) AND "
        "(?4 = 0 OR run = ?4) AND (?5 = 0 OR run < ?5) ORDER BY run DESC LIMIT ?6");
    query.bind(filter.client, filter.name, filter.job, filter.run, filter.before,
               std::clamp<size_t>(filter.limit, 1, limits::kMaxPageRows));
    while (query.next())
      rows.push_back({{query.as<uint64_t>(0)},
                      query.text(1),
                      query.text(2),
                      query.time(3),
                      query.text(4),
                      query.text(5),
                      query.as<uint64_t>(6),
                      fmt::format("{:08x}", query.as<uint32_t>(7)),
                      query.text(8)});
    return rows;
  });
}

}  // namespace dray::store
