// What this disk can do: `fdatasync` of one overwritten page, and bare SQLite commits (WAL,
// synchronous=FULL) of `--rows` rows each.
//
//   bench-disk fdatasync|sqlite --dir DIR --seconds N [--rows N]
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "daemon/base/fd.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr size_t kPage = 4096;
constexpr std::string_view kRow =
    "two hundred bytes of text that stand for what a run is: its job, its client, its worker, when "
    "it "
    "was asked for, when it began and when it ended, how many bytes it moved, and what became of "
    "it..";

void fdatasync_rate(const std::string& dir, double limit) {
  UniqueFd fd(::open((dir + "/page").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) give_up("cannot write to " + dir);
  const std::string page(kPage, 'x');
  std::vector<double> each;
  const Instant start = now();
  while (seconds_since(start) < limit) {
    const Instant begin = now();
    if (::pwrite(fd.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(kPage) ||
        ::fdatasync(fd.get()) != 0)
      give_up("fdatasync failed");
    each.push_back(to_us(now() - begin));
  }
  const double rate = static_cast<double>(each.size()) / seconds_since(start);
  Report().add("rate", rate).percentiles("us", each).print();
}

void run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(db));
}

void sqlite_rate(const std::string& dir, double limit, uint64_t rows) {
  sqlite3* db = nullptr;
  if (sqlite3_open((dir + "/bare.db").c_str(), &db) != SQLITE_OK) give_up("cannot open a database");
  run(db, "PRAGMA journal_mode = WAL");
  run(db, "PRAGMA synchronous = FULL");
  run(db, "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, body TEXT)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO runs (body) VALUES (?)", -1, &insert, nullptr);
  uint64_t commits = 0;
  const Instant start = now();
  for (; seconds_since(start) < limit; ++commits) {
    run(db, "BEGIN IMMEDIATE");
    for (uint64_t i = 0; i < rows; ++i) {
      sqlite3_bind_text(insert, 1, kRow.data(), static_cast<int>(kRow.size()), nullptr);
      if (sqlite3_step(insert) != SQLITE_DONE) give_up(sqlite3_errmsg(db));
      sqlite3_reset(insert);
    }
    run(db, "COMMIT");
  }
  const double per_second = static_cast<double>(commits) / seconds_since(start);
  Report().add("rate", per_second).add("rows", per_second * static_cast<double>(rows)).print();
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  const std::string dir = arguments.text("dir", ".");
  const auto limit = static_cast<double>(arguments.number("seconds", 1));
  if (arguments.verb() == "fdatasync")
    dray::bench::fdatasync_rate(dir, limit);
  else
    dray::bench::sqlite_rate(dir, limit, arguments.number("rows", 1));
}
