// Brings a database to the shape that this program knows. Used by store.cc alone.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/store/store_db.h"

namespace dray::store {

// Refuses what is not ours, what is damaged (corrupt; names the newest backup) and what a newer
// program wrote (invalid). Migrates what an older one wrote, after a copy of it was made beside it:
// PATH.before-NNN. Every migration is one transaction.
Status prepare_database(Db& db, const std::string& path, const std::string& program, WallTime now);

// The newest copy of the database that we know of: PATH.before-* and *.db in a folder "backups"
// beside it. "": none.
std::string newest_backup(const std::string& path);

}  // namespace dray::store
