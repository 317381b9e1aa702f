// Files that were handed in. Same thread as the store; borrows its connection.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/scheduler/rows.h"
#include "schemas/answers_uploads.h"

namespace dray::store {

class Db;

struct ReceiptFilter {
  std::string client;  // "": all
  std::string name;    // "": all
  std::string job;     // "": all
  RunId run;           // 0: all
  RunId before;        // 0: from the newest on
  size_t limit = 50;
};

// Part of the transaction that ends the attempt: what `row.result` reports to have stored. Throws
// SQLite::Exception.
void add_receipt(Db& db, const AttemptRow& row);

// Newest first, at most limits::kMaxPageRows.
Result<std::vector<ReceiptView>> receipts(Db& db, const ReceiptFilter& filter);

}  // namespace dray::store
