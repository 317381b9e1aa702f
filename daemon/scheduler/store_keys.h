// Sealed passwords of encrypted jobs, by the job's name. Writes belong into the store's open
// transaction. Same thread as the store; borrows its connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/answers_jobs.h"

namespace dray::store {

class Db;

struct JobKeyRecord {
  std::string sealed;  // raw bytes; only workers can open them
  std::string sealed_for;
  JobKeyView view;
};

class Keys {
 public:
  explicit Keys(Db& db) : db_(&db) {}

  Result<std::optional<JobKeyRecord>> find(std::string_view job);
  // conflict: the job has one; it is never replaced, because data depends on it.
  Status add(std::string_view job, std::string_view sealed, std::string_view sealed_for,
             WallTime now);
  Status mark_exported(std::string_view job, std::string_view by, WallTime now);

 private:
  Db* db_;
};

}  // namespace dray::store
