// What the core starts from, and what it never asks for again. Used by store.cc alone.
#pragma once

#include "daemon/store/rows.h"
#include "daemon/store/store_db.h"

namespace dray::store {

Result<Snapshot> load_snapshot(Db& db, WallTime now);

// See Store::delete_history.
Result<size_t> delete_history(Db& db, WallTime before, size_t limit);

}  // namespace dray::store
