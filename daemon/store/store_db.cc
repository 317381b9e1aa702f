#include "daemon/store/store_db.h"

namespace dray::store {
namespace {

// Instructions of SQLite's machine between two looks at the clock: some 10 us.
constexpr int kStepsPerLook = 1'000;

struct CodeRow {
  int sqlite;
  ErrorCode code;
  std::string_view words;
};
constexpr CodeRow kCodes[] = {
    {SQLITE_FULL, ErrorCode::exhausted, "the disk of the database is full"},
    {SQLITE_IOERR, ErrorCode::io, "the disk of the database reports an error"},
    {SQLITE_CORRUPT, ErrorCode::corrupt, "the database is damaged"},
    {SQLITE_NOTADB, ErrorCode::corrupt, "the file is not a database"},
    {SQLITE_CONSTRAINT, ErrorCode::conflict, "this would contradict what is stored"},
    {SQLITE_BUSY, ErrorCode::unavailable, "another program holds the database"},
    {SQLITE_LOCKED, ErrorCode::unavailable, "another program holds the database"},
    {SQLITE_INTERRUPT, ErrorCode::exhausted,
     "the question takes too long to answer; narrow it, or ask for fewer rows"},
    {SQLITE_CANTOPEN, ErrorCode::io, "the database cannot be opened"},
    {SQLITE_READONLY, ErrorCode::io, "the database cannot be written"},
    {SQLITE_NOMEM, ErrorCode::exhausted, "no memory is left"},
    {SQLITE_TOOBIG, ErrorCode::invalid, "a value is too long"},
};

// A connection is one thread's, so SQLite need not lock it for every column that is read.
int always() {
  return SQLite::OPEN_NOFOLLOW | SQLite::OPEN_NOMUTEX;
}

}  // namespace

Db::Db(const std::string& path)
    : connection_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | always()) {}

Db::Db(const std::string& path, ReadOnly) : connection_(path, SQLite::OPEN_READONLY | always()) {}

Query Db::query(const char* sql) {
  std::unique_ptr<SQLite::Statement>& statement = statements_[sql];
  if (!statement) statement = std::make_unique<SQLite::Statement>(connection_, sql);
  return Query(*statement);
}

std::string Db::pragma(const std::string& text) {
  SQLite::Statement statement(connection_, "PRAGMA " + text);
  return statement.executeStep() ? statement.getColumn(0).getString() : "";
}

Error to_error(const SQLite::Exception& exception, std::string_view what) {
  const int primary = exception.getErrorCode() & 0xff;
  for (const CodeRow& row : kCodes) {
    if (row.sqlite != primary) continue;
    // Names the columns, never a value; every such case is a bug that somebody has to find.
    if (row.code == ErrorCode::conflict)
      return {row.code, fmt::format("{}: {} ({})", what, row.words, exception.what())};
    return {row.code, fmt::format("{}: {}", what, row.words)};
  }
  return {ErrorCode::io, fmt::format("{}: {}", what, exception.what())};
}

TimeBound::TimeBound(Db& db, Duration limit)
    : handle_(db.handle()), end_(SystemClock().now().mono + limit) {
  sqlite3_progress_handler(handle_, kStepsPerLook, &TimeBound::passed, this);
}

TimeBound::~TimeBound() {
  sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
}

int TimeBound::passed(void* self) {
  return SystemClock().now().mono > static_cast<TimeBound*>(self)->end_ ? 1 : 0;
}

}  // namespace dray::store
