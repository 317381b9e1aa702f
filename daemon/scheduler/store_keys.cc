#include "daemon/scheduler/store_keys.h"

#include "daemon/base/quote.h"
#include "daemon/scheduler/store_db.h"

namespace dray::store {

Result<std::optional<JobKeyRecord>> Keys::find(std::string_view job) {
  return guarded("read key", [&]() -> Result<std::optional<JobKeyRecord>> {
    auto query = db_->query(
        "SELECT sealed, sealed_for, created_at, exported_at, exported_by FROM job_keys WHERE job = "
        "?");
    if (!query.bind(job).next()) return std::nullopt;
    return JobKeyRecord{
        query.text(0), query.text(1), {query.time(2), query.time(3), query.text(4)}};
  });
}

Status Keys::add(std::string_view job, std::string_view sealed, std::string_view sealed_for,
                 WallTime now) {
  return guarded("store key", [&]() -> Status {
    const int added =
        db_->query(
               "INSERT OR IGNORE INTO job_keys (job, sealed, sealed_for, created_at, exported_by) "
               "VALUES (?, ?, ?, ?, '')")
            .bind(job, Blob{sealed}, sealed_for, now)
            .run();
    if (added == 1) return {};
    return fail(ErrorCode::conflict, "job {} has its passwords already", quoted(job));
  });
}

Status Keys::mark_exported(std::string_view job, std::string_view by, WallTime now) {
  return guarded("store key", [&]() -> Status {
    db_->query("UPDATE job_keys SET exported_at = ?, exported_by = ? WHERE job = ?")
        .bind(now, by, job)
        .run();
    return {};
  });
}

}  // namespace dray::store
