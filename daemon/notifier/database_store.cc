#include <sys/stat.h>

#include "daemon/notifier/database.h"
#include "daemon/store/store_db.h"
#include "schemas/migrations.h"

namespace dray::notifier {

namespace {

FileIdentity identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

}  // namespace

ReadConnection::ReadConnection(std::string path) : path_(std::move(path)) {}
ReadConnection::~ReadConnection() = default;

Result<store::Db*> ReadConnection::open() {
  const FileIdentity file = identity_of(path_);
  if (db_ && file == file_) return db_.get();
  db_.reset();
  try {
    auto db = std::make_unique<store::Db>(path_, store::Db::ReadOnly::yes);
    const std::string version = db->pragma("user_version");
    if (version != fmt::format("{}", migrations().back().version))
      return fail(ErrorCode::unavailable,
                  "the scheduler's database has version {}, this program reads {}: start drayd, or "
                  "bring both to the same version",
                  version, migrations().back().version);
    db_ = std::move(db);
    file_ = file;
    return db_.get();
  } catch (const SQLite::Exception&) {
    return fail(ErrorCode::unavailable,
                "the scheduler's database cannot be read: is drayd running?");
  }
}

uint64_t ReadConnection::version() {
  if (!open()) return 0;
  const auto version = store::guarded("read the database", [&]() -> Result<uint64_t> {
    auto query = db_->query("PRAGMA data_version");
    return query.next() ? query.as<uint64_t>(0) : 0;
  });
  if (version) return *version;
  db_.reset();
  return 0;
}

Database::Database(const std::string& path) : small_(path), large_(path) {}

}  // namespace dray::notifier
