#include "daemon/scheduler/store_wal.h"

#include <algorithm>
#include <string>

namespace dray::store {
namespace {

// As the file format has it: before the log, and before each of its pages.
constexpr sqlite3_int64 kLogHeaderBytes = 32;
constexpr sqlite3_int64 kFrameHeaderBytes = 24;
constexpr size_t kZerosAtOnce = 64 << 10;

Status to_status(int rc) {
  if (rc == SQLITE_OK) return {};
  return std::unexpected(to_error(SQLite::Exception(sqlite3_errstr(rc), rc), "write-ahead log"));
}

Status append_zeros(sqlite3_file& file, sqlite3_int64 from, sqlite3_int64 to) {
  const std::string zeros(kZerosAtOnce, '\0');
  for (sqlite3_int64 at = from; at < to;) {
    const int count = static_cast<int>(std::min<sqlite3_int64>(kZerosAtOnce, to - at));
    DRAY_TRY(to_status(file.pMethods->xWrite(&file, zeros.data(), count, at)));
    at += count;
  }
  return to_status(file.pMethods->xSync(&file, SQLITE_SYNC_FULL));
}

}  // namespace

WriteAheadLog::WriteAheadLog(Db& db, int checkpoint_pages)
    : db_(db), checkpoint_pages_(checkpoint_pages) {
  sqlite3_wal_hook(db_.handle(), &WriteAheadLog::committed, this);
}

WriteAheadLog::~WriteAheadLog() {
  sqlite3_wal_hook(db_.handle(), nullptr, nullptr);
}

int WriteAheadLog::committed(void* self, sqlite3*, const char*, int pages) {
  auto& log = *static_cast<WriteAheadLog*>(self);
  log.pages_ = pages;
  if (pages < log.checkpoint_pages_) return SQLITE_OK;
  // What failed is tried again after the next commit; this one is durable all the same.
  if (const Status moved = log.checkpoint(); !moved) return SQLITE_OK;
  return SQLITE_OK;
}

Status WriteAheadLog::reserve(int pages) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr)
    return fail(ErrorCode::io, "the write-ahead log is not open");
  sqlite3_int64 size = 0;
  DRAY_TRY(to_status(file->pMethods->xFileSize(file, &size)));
  const sqlite3_int64 page_bytes = std::stoll(db_.pragma("page_size"));
  const sqlite3_int64 wanted = kLogHeaderBytes + pages * (kFrameHeaderBytes + page_bytes);
  return size >= wanted ? Status{} : append_zeros(*file, size, wanted);
}

Status WriteAheadLog::checkpoint() {
  int in_log = 0;
  int moved = 0;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  // Without readers the next commit begins the log anew.
  if (rc == SQLITE_OK) pages_ = in_log - moved;
  return to_status(rc);
}

}  // namespace dray::store
