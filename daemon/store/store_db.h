// The connection below the store: cached statements, typed binds and columns, errors as values.
// Only store_*.cc and whoever opens the database include this; everybody else speaks to store.h,
// store_catalog.h and store_queries.h.
//
// Inside, SQLiteCpp throws; guarded() turns that into an Error at the edge of every public
// function.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/ids.h"

namespace dray::store {

struct Blob {
  std::string_view bytes;
};
struct OrNull {  // the epoch is stored as NULL
  WallTime time;
};

// A cached statement, ready for its binds. Ends the statement when it goes; one at a time per text.
class Query {
 public:
  explicit Query(SQLite::Statement& statement) : statement_(&statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { statement_->tryReset(); }

  // The texts and blobs must live until the statement has run.
  template <class... Values>
  Query& bind(const Values&... values) {
    (bind_one(values), ...);
    return *this;
  }
  bool next() { return statement_->executeStep(); }
  // For statements without rows: how many rows they changed.
  int run() { return statement_->exec(); }

  bool is_null(int column) const { return statement_->getColumn(column).isNull(); }
  int64_t i64(int column) const { return statement_->getColumn(column).getInt64(); }
  std::string text(int column) const { return statement_->getColumn(column).getString(); }
  WallTime time(int column) const { return from_unix_us(i64(column)); }  // NULL: the epoch
  template <class T>
  T as(int column) const {
    return static_cast<T>(i64(column));
  }

 private:
  template <class T>
  void bind_one(const T& value) {
    const int i = ++index_;
    if constexpr (std::is_same_v<T, Blob>) {
      statement_->bindNoCopy(i,
                             static_cast<const void*>(value.bytes.data() ? value.bytes.data() : ""),
                             static_cast<int>(value.bytes.size()));
    } else if constexpr (std::is_same_v<T, OrNull>) {
      if (value.time == WallTime{})
        statement_->bind(i);
      else
        statement_->bind(i, to_unix_us(value.time));
    } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
      statement_->bind(i);
    } else if constexpr (std::is_same_v<T, WallTime>) {
      statement_->bind(i, to_unix_us(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      statement_->bindNoCopy(i, value);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      statement_->bind(i, std::string(value));
    } else if constexpr (requires { value.value; }) {
      statement_->bind(i, static_cast<int64_t>(value.value));  // ids
    } else {
      statement_->bind(i, static_cast<int64_t>(value));
    }
  }

  SQLite::Statement* statement_;
  int index_ = 0;
};

// One connection. Never used by two threads at the same time: nothing in it is locked.
class Db {
 public:
  // Opens or makes the file; no pragmas yet. Throws SQLite::Exception.
  explicit Db(const std::string& path);
  // Opens a database that another process writes; changes nothing, not even by accident.
  enum class ReadOnly { yes };
  Db(const std::string& path, ReadOnly);

  // `sql` must be a literal: its address is the key of the cache.
  Query query(const char* sql);
  void exec(const std::string& sql) { connection_.exec(sql); }
  std::string pragma(const std::string& text);
  SQLite::Database& connection() { return connection_; }
  sqlite3* handle() { return connection_.getHandle(); }
  // Forgets the cached statements (the shapes have changed, or the database is closed).
  void forget_statements() { statements_.clear(); }

 private:
  SQLite::Database connection_;
  std::unordered_map<const void*, std::unique_ptr<SQLite::Statement>> statements_;
};

// What happened, in words without SQL.
Error to_error(const SQLite::Exception& exception, std::string_view what);

template <class Function>
auto guarded(std::string_view what, Function&& function) -> std::invoke_result_t<Function> {
  try {
    return function();
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(to_error(exception, what));
  }
}

// While it lives, statements that run past the limit are interrupted (exhausted).
class TimeBound {
 public:
  TimeBound(Db& db, Duration limit);
  ~TimeBound();
  TimeBound(const TimeBound&) = delete;
  TimeBound& operator=(const TimeBound&) = delete;

 private:
  static int passed(void* self);
  sqlite3* handle_;
  Instant end_;
};

}  // namespace dray::store
