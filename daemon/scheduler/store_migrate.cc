#include "daemon/scheduler/store_migrate.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "schemas/migrations.h"

namespace dray::store {
namespace {

// "DRAY": a file of another program is refused instead of being given our tables.
constexpr int64_t kApplicationId = 0x44524159;

// Reading 64 MiB takes about 0.1 s. Of a larger database only the tables are checked that the
// scheduler plans with; history is checked by `dray doctor`.
constexpr int64_t kFullCheckBytes = int64_t{64} << 20;
constexpr const char* kPlanningTables[] = {"clients",  "remotes", "jobs",    "job_states",
                                           "settings", "workers", "counters"};

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

int64_t file_bytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

int64_t modified_at(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

std::unexpected<Error> damaged(const std::string& path, std::string_view how) {
  const std::string backup = newest_backup(path);
  return fail(ErrorCode::corrupt,
              "database {} is damaged ({}); {}. Keep the damaged file for a look at what it still "
              "holds",
              path, how,
              backup.empty()
                  ? std::string("no backup of it is known here: restore your own")
                  : fmt::format("stop drayd and put its newest backup, {}, in its place", backup));
}

Status check_content(Db& db, const std::string& path) {
  std::vector<std::string> checks;
  if (file_bytes(path) <= kFullCheckBytes) {
    checks.emplace_back("quick_check(1)");
  } else {
    for (const char* table : kPlanningTables)
      checks.push_back(fmt::format("quick_check({})", table));
  }
  for (const std::string& check : checks) {
    const std::string found = db.pragma(check);
    if (found != "ok") return damaged(path, found);
  }
  return {};
}

Status check_identity(Db& db, const std::string& path, int64_t version, int64_t latest) {
  const int64_t id = std::stoll(db.pragma("application_id"));
  const bool empty = db.pragma("schema_version") == "0";
  if (empty) return {};
  if (id != kApplicationId)
    return fail(ErrorCode::invalid,
                "{} is a database of another program; name another file in scheduler.database",
                path);
  if (version > latest)
    return fail(ErrorCode::invalid,
                "database {} has version {}, this program knows {}: it was used by a newer "
                "Drayage. Install that one again, or restore a backup that is older",
                path, version, latest);
  return {};
}

// A copy that a failed migration or a second thought can go back to.
Status keep_copy(Db& db, const std::string& path, int64_t version) {
  const std::string copy = fmt::format("{}.before-{:03}", path, version + 1);
  DRAY_TRY(remove_tree(copy));  // of an earlier, failed attempt at the same step
  SQLite::Statement vacuum(db.connection(), "VACUUM INTO ?");
  vacuum.bind(1, copy);
  vacuum.exec();
  log_info({"store.copied", {{"path", copy}}}, "kept a copy of the database as {}", copy);
  return {};
}

void migrate(Db& db, const Migration& migration, const std::string& program, WallTime now) {
  SQLite::Transaction transaction(db.connection(), SQLite::TransactionBehavior::IMMEDIATE);
  db.exec(std::string(migration.sql));
  db.query("INSERT INTO schema_versions (version, name, program, applied_at) VALUES (?, ?, ?, ?)")
      .bind(migration.version, migration.name, program, now)
      .run();
  db.exec(fmt::format("PRAGMA user_version = {}", migration.version));
  db.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  transaction.commit();
}

}  // namespace

std::string newest_backup(const std::string& path) {
  const std::string directory = directory_of(path);
  std::vector<std::string> found;
  const auto collect = [&found](const std::string& folder, auto&& wanted) {
    const Result<std::vector<std::string>> names = list_dir(folder);
    for (const std::string& name : names.value_or(std::vector<std::string>{}))
      if (wanted(name)) found.push_back(folder + "/" + name);
  };
  const std::string prefix = path.substr(path.rfind('/') + 1) + ".before-";
  collect(directory, [&prefix](const std::string& name) { return name.starts_with(prefix); });
  collect(directory + "/backups", [](const std::string& name) { return name.ends_with(".db"); });
  const auto newest = std::ranges::max_element(found, {}, modified_at);
  return newest == found.end() ? "" : *newest;
}

Status prepare_database(Db& db, const std::string& path, const std::string& program, WallTime now) {
  const std::span<const Migration> known = migrations();
  const int64_t latest = known.back().version;
  try {
    const int64_t version = std::stoll(db.pragma("user_version"));
    DRAY_TRY(check_identity(db, path, version, latest));
    if (version > 0) DRAY_TRY(check_content(db, path));
    if (version > 0 && version < latest) DRAY_TRY(keep_copy(db, path, version));
    for (const Migration& migration : known) {
      if (migration.version <= version) continue;
      migrate(db, migration, program, now);
      if (version > 0)
        log_info({"store.migrated", {{"version", migration.version}}},
                 "the database now has version {} ({})", migration.version, migration.name);
    }
  } catch (const SQLite::Exception& exception) {
    const Error error = to_error(exception, fmt::format("prepare database {}", path));
    if (error.code == ErrorCode::corrupt) return damaged(path, exception.what());
    return std::unexpected(error);
  }
  return {};
}

}  // namespace dray::store
