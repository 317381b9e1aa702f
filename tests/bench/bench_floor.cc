// The least that a server of the API can do: an epoll loop, SQLite, and nothing else. No rights, no
// routes, no checks. The floor that the notifier is measured against.
//
//   bench-floor run --port N --db FILE
//
//   GET  /rows     the newest 20 rows of the table `runs` as JSON, read each time
//   GET  /cached   the same, read once
//   POST /runs     a row more; answered after the commit, which all requests of a turn share
#include <sqlite3.h>

#include "tests/bench/sockets.h"

namespace dray::bench {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

class Table {
 public:
  explicit Table(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) give_up("cannot open " + path);
    sqlite3_busy_timeout(db_, 5000);
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    select_ = prepare("SELECT * FROM runs ORDER BY run DESC LIMIT 20");
    insert_ = prepare("INSERT INTO started (job, at) VALUES (?, ?)");
  }
  void begin() { run("BEGIN IMMEDIATE"); }
  void commit() { run("COMMIT"); }

  std::string rows() {
    std::string json = "{\"runs\":[";
    while (sqlite3_step(select_) == SQLITE_ROW) {
      json += json.back() == '[' ? "{" : ",{";
      append_row(json);
      json += '}';
    }
    sqlite3_reset(select_);
    return json + "]}";
  }
  int64_t insert(std::string_view job) {
    sqlite3_bind_text(insert_, 1, job.data(), static_cast<int>(job.size()), SQLITE_TRANSIENT);
    sqlite3_bind_int64(insert_, 2, now().time_since_epoch().count());
    if (sqlite3_step(insert_) != SQLITE_DONE) give_up(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
    return sqlite3_last_insert_rowid(db_);
  }

 private:
  void append_row(std::string& json) {
    for (int i = 0; i < sqlite3_column_count(select_); ++i) {
      if (i > 0) json += ',';
      append_quoted(json, sqlite3_column_name(select_, i));
      json += ':';
      const int type = sqlite3_column_type(select_, i);
      const std::string_view text(reinterpret_cast<const char*>(sqlite3_column_text(select_, i)),
                                  static_cast<size_t>(sqlite3_column_bytes(select_, i)));
      if (type == SQLITE_TEXT)
        append_quoted(json, text);
      else
        json += type == SQLITE_NULL ? "null" : text;
    }
  }
  void run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      give_up(sqlite3_errmsg(db_));
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK)
      give_up(sqlite3_errmsg(db_));
    return statement;
  }
  // Held until the process ends.
  sqlite3* db_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

struct Client {
  UniqueFd fd;
  std::string in;
};

class Floor {
 public:
  explicit Floor(const Arguments& arguments)
      : table_(arguments.text("db")),
        cached_(ok(table_.rows())),
        guests_(arguments.number("port", 0), poller_) {}

  [[noreturn]] void run() {
    while (true) {
      for (const epoll_event& event : poller_.wait(-1))
        if (Client* client = guests_.take(event)) serve(*client);
      if (started_.empty()) continue;
      table_.commit();
      for (const auto& [client, run] : started_)
        reply(*client, answer("202 Accepted", fmt::format("{{\"run\":{}}}", run)));
      started_.clear();
    }
  }

 private:
  static std::string answer(std::string_view status, std::string_view body) {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
        body.size(), body);
  }
  static std::string ok(std::string_view body) { return answer("200 OK", body); }

  // Whoever has hung up is noticed with the next turn.
  static void reply(const Client& client, std::string_view text) {
    (void)::send(client.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  void serve(Client& client) {
    const size_t end = client.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const bool post = client.in.starts_with("POST");
    if (post && client.in.size() < end + 6) return;  // the body is "{}"
    if (post)
      start(client);
    else
      reply(client, client.in.starts_with("GET /cached") ? cached_ : ok(table_.rows()));
    client.in.clear();
  }

  void start(Client& client) {
    if (started_.empty()) table_.begin();
    started_.emplace_back(&client, table_.insert("job"));
  }

  Table table_;
  std::string cached_;
  Poller poller_;
  Guests<Client> guests_;
  std::vector<std::pair<Client*, int64_t>> started_;  // in the commit that is open
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  dray::bench::Floor(dray::bench::Arguments(argc, argv)).run();
}
