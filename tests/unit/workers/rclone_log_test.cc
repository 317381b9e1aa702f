#include "workers/rclone_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace dray {
namespace {

// Writes down every call, so that two readings of a log can be compared.
class Recorder final : public LogHandler {
 public:
  std::vector<std::string> calls;

  void on_stats(const LogLine& line, const StatsRecord& s) override {
    std::string text =
        fmt::format("stats {} {}/{} {}/{} {}/{} del {} err {} eta {} '{}'", level(line), s.bytes,
                    s.total_bytes, s.checks, s.total_checks, s.transfers, s.total_transfers,
                    s.deletes, s.errors, s.eta_seconds, s.last_error);
    for (const TransferringFile& file : s.transferring)
      text += fmt::format(" [{} {}/{} {}%]", file.name, file.bytes, file.size, file.percent);
    for (std::string_view name : s.checking)
      text += fmt::format(" ({})", name);
    calls.push_back(text);
  }
  void on_object(const LogLine& line, ObjectAction action) override {
    calls.push_back(fmt::format("object {} {} {} {}", level(line), static_cast<int>(action),
                                line.object, line.size));
  }
  void on_dry_run(const LogLine& line) override {
    calls.push_back(fmt::format("dry {} {} {}", line.skipped, line.object, line.size));
  }
  void on_retry(const LogLine&, const RetryRecord& r) override {
    calls.push_back(
        fmt::format("retry {} {}/{} {}", static_cast<int>(r.kind), r.attempt, r.attempts, r.error));
  }
  void on_check(const LogLine& line, CheckCount kind, int64_t count) override {
    calls.push_back(fmt::format("check {} {} {}", static_cast<int>(kind), count, line.object));
  }
  void on_rc_serving(const LogLine&, uint16_t port) override {
    calls.push_back(fmt::format("rc {}", port));
  }
  void on_error(const LogLine& line) override {
    calls.push_back(fmt::format("error {} {}: {}", level(line), line.object, line.message));
  }
  void on_note(const LogLine& line) override {
    calls.push_back(fmt::format("note {} {}: {}", level(line), line.object, line.message));
  }
  void on_plain(std::string_view text) override { calls.push_back(fmt::format("plain {}", text)); }

 private:
  static int level(const LogLine& line) { return static_cast<int>(line.level); }
};

std::vector<std::string> read_in_chunks(std::string_view log, size_t chunk) {
  LogReader reader;
  Recorder recorder;
  while (!log.empty()) {
    const size_t size = std::min(chunk, log.size());
    // A copy without a byte behind it: reading past the chunk is seen by the address sanitizer.
    const std::vector<char> exact(log.begin(), log.begin() + static_cast<ptrdiff_t>(size));
    reader.feed(exact, recorder);
    log.remove_prefix(size);
  }
  reader.finish(recorder);
  return recorder.calls;
}

std::vector<std::string> read_all(std::string_view log) {
  return read_in_chunks(log, log.size() + 1);
}

std::string read_fixture(const std::string& name) {
  std::ifstream in(
      std::filesystem::path(DRAY_SOURCE_DIR) / "tests/golden/rclone" / (name + ".jsonl"),
      std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* kRecordCall = "error 3 : x";
std::string record_line() {
  return "{\"level\":\"error\",\"msg\":\"x\"}\n";
}

struct LineCase {
  const char* line;
  const char* call;
};

TEST_CASE("each kind of line becomes its record") {
  const LineCase cases[] = {
      {R"_({"level":"info","msg":"Copied (new)","object":"a/b","objectType":"*local.Object","size":7})_",
       "object 1 0 a/b 7"},
      {R"_({"level":"info","msg":"Copied (server-side copy) to: x","object":"a"})_",
       "object 1 1 a -1"},
      {R"_({"level":"info","msg":"Multi-thread Copied (new)","object":"a"})_", "object 1 0 a -1"},
      {R"_({"level":"info","msg":"Deleted","object":"a"})_", "object 1 2 a -1"},
      {R"_({"level":"info","msg":"Moved into backup dir","object":"a"})_", "object 1 3 a -1"},
      {R"_({"level":"info","msg":"Moved (server-side) to: b","object":"a"})_", "object 1 4 a -1"},
      {R"_({"level":"info","msg":"Renamed from \"b\"","object":"a"})_", "object 1 5 a -1"},
      {R"_({"level":"warning","msg":"Skipped delete as --dry-run is set (size 3)","object":"f","size":3,"skipped":"delete"})_",
       "dry delete f 3"},
      {R"_({"level":"error","msg":"Attempt 1/3 failed with 2 errors and: no: good"})_",
       "retry 0 1/3 no: good"},
      {R"_({"level":"error","msg":"Attempt 2/3 succeeded"})_", "retry 1 2/3 "},
      {R"_({"level":"error","msg":"Fatal error received - not attempting retries"})_",
       "retry 2 0/0 "},
      {R"_({"level":"error","msg":"Can't retry any of the errors - not attempting retries"})_",
       "retry 3 0/0 "},
      {R"_({"level":"notice","msg":"4 differences found","object":"fs"})_", "check 0 4 fs"},
      {R"_({"level":"warning","msg":"12 hashes could not be checked","object":"fs"})_",
       "check 2 12 fs"},
      {R"_({"level":"notice","msg":"Serving remote control on http://127.0.0.1:38807/"})_",
       "rc 38807"},
      {R"_({"level":"notice","msg":"Serving remote control on http://127.0.0.1:99999/"})_",
       "note 2 : Serving remote control on http://127.0.0.1:99999/"},
      {R"_({"level":"error","msg":"Failed to copy: x","object":"o"})_",
       "error 3 o: Failed to copy: x"},
      {R"_({"level":"critical","msg":"bad"})_", "error 4 : bad"},
      {R"_({"level":"fatal","msg":"bad"})_", "error 4 : bad"},
      {R"_({"level":"emergency","msg":"bad"})_", "error 4 : bad"},
      {R"_({"level":"never heard of","msg":"m","new":{"deep":[1,{}]}})_", "note 2 : m"},
      {R"_({"time":"t","level":"info","msg":"m","object":17,"source":"x"})_", "note 1 : m"},
      {R"_({"level":"notice","msg":"","stats":{"bytes":1,"eta":null,"listed":4,"checking":["c",5]}})_",
       "stats 2 1/0 0/0 0/0 del 0 err 0 eta -1 '' (c) ()"},
      {R"_({"level":"notice","stats":{"bytes":-5,"eta":-3,"totalBytes":1e300,"transferring":[{"name":"n","size":-1,"bytes":2,"percentage":5000},7]}})_",
       "stats 2 0/72057594037927936 0/0 0/0 del 0 err 0 eta -1 '' [n 2/-1 100%]"},
      {R"_({"level":"info","msg":"m","stats":[]})_", "note 1 : m"},
      {R"_({"name":"not a log record"})_", R"_(plain {"name":"not a log record"})_"},
      {R"_({"level":"info","msg":"cut off)_", R"_(plain {"level":"info","msg":"cut off)_"},
      {R"_({"a":1}{"b":2})_", R"_(plain {"a":1}{"b":2})_"},
      {"Failed to copy: directory not found", "plain Failed to copy: directory not found"},
      {"2026/11/20 06:25:12 INFO  : dir: x/f3: Copied (new)", "object 1 0 dir: x/f3 -1"},
      {"<5>NOTICE: x: Skipped copy as --dry-run is set (size 2)", "dry copy x -1"},
      {"2026/11/20 06:25:12 ERROR : Attempt 1/3 failed with 1 errors and: EOF", "retry 0 1/3 EOF"},
      {"2026/11/20 06:25:12 NOTICE: Local file system at /b: 0 differences found",
       "check 0 0 Local file system at /b"},
      {"2026/11/20 06:25:12 CRITICAL: Failed to create file system for \"x:\": no",
       "error 4 : Failed to create file system for \"x:\": no"},
      {"2026/11/20 06:25:12 Failed to copy: x", "plain 2026/11/20 06:25:12 Failed to copy: x"},
  };
  for (const LineCase& row : cases) {
    INFO(row.line);
    CHECK(read_all(std::string(row.line) + "\n") == std::vector<std::string>{row.call});
    CHECK(read_all(std::string(row.line) + "\r\n") == std::vector<std::string>{row.call});
    CHECK(read_all(row.line) == std::vector<std::string>{row.call});
  }
}

TEST_CASE("a log reads the same wherever it is cut") {
  const std::string log = read_fixture("max-transfer-hard") + read_fixture("usage-bad-flag");
  const std::vector<std::string> whole = read_all(log);
  REQUIRE(whole.size() > 15);
  for (size_t chunk : {1, 2, 3, 63, 64, 65, 127, 128, 1000})
    CHECK(read_in_chunks(log, chunk) == whole);
  const std::string small = read_fixture("bad-creds-s3");
  const std::vector<std::string> expected = read_all(small);
  for (size_t cut = 1; cut < small.size(); ++cut) {
    LogReader reader;
    Recorder recorder;
    const std::vector<char> first(small.begin(), small.begin() + static_cast<ptrdiff_t>(cut));
    const std::vector<char> second(small.begin() + static_cast<ptrdiff_t>(cut), small.end());
    reader.feed(first, recorder);
    reader.feed(second, recorder);
    reader.finish(recorder);
    REQUIRE(recorder.calls == expected);
  }
}

TEST_CASE("lines that are no records are told apart in the middle of many records too") {
  std::string many;
  while (many.size() < 5000)
    many += record_line();
  const size_t count = many.size() / record_line().size();
  const std::string odd[] = {
      "",
      "plain",
      "  " + record_line(),
      record_line().substr(0, record_line().size() - 1) + record_line(),
      record_line().substr(0, record_line().size() - 1) + " trailing",
      "{\"level\":\n\"info\",\"msg\":\"m\"}",
      "{\"level\":\"info\",\"msg\":\"\xff\"}",
      "{\"level\":\"info\",\"msg\":\"open",
      "[{\"level\":\"info\",\"msg\":\"m\"}]",
      "{}",
      "{",
      "}",
      "\"",
  };
  for (std::string text : odd) {
    if (!text.ends_with('\n')) text += '\n';
    INFO(text);
    const std::vector<std::string> alone = read_in_chunks(text, 1);
    std::vector<std::string> expected(count, kRecordCall);
    expected.insert(expected.end(), alone.begin(), alone.end());
    expected.insert(expected.end(), count, kRecordCall);
    CHECK(read_all(many + text + many) == expected);
    CHECK(read_in_chunks(many + text + many, 3000) == expected);
    CHECK(std::ranges::all_of(alone,
                              [](const std::string& call) { return call.starts_with("plain"); }));
  }
}

TEST_CASE("a line over the cap is dropped and counted, and the next one is read") {
  const std::string record = R"_({"level":"error","msg":"x"})_";
  const std::string log = std::string(LogReader::kMaxLine + 1, 'a') + "\n" + record + "\n" +
                          std::string(LogReader::kMaxLine, 'b') + "\n" + std::string(3 << 20, '{');
  for (size_t chunk : {size_t{4096}, log.size()}) {
    LogReader reader;
    Recorder recorder;
    for (size_t at = 0; at < log.size(); at += chunk)
      reader.feed(std::span(log).subspan(at, std::min(chunk, log.size() - at)), recorder);
    reader.finish(recorder);
    REQUIRE(recorder.calls.size() == 2);
    CHECK(recorder.calls[0] == "error 3 : x");
    CHECK(recorder.calls[1].size() == LogReader::kMaxLine + 6);
    CHECK(reader.lines() == 2);
    CHECK(reader.discarded_lines() == 2);
  }
}

TEST_CASE("bytes that are no text are plain lines, never a crash") {
  const std::string nul = std::string("{\"level\":\"info\",\"msg\":\"a\0b\"}", 29);
  CHECK(read_all(nul) == std::vector<std::string>{"plain " + nul});
  const std::string invalid = "{\"level\":\"info\",\"msg\":\"\xff\xfe\"}";
  CHECK(read_all(invalid) == std::vector<std::string>{"plain " + invalid});
  CHECK(read_all("\n\n") == std::vector<std::string>{"plain ", "plain "});
  const std::string deep = R"_({"level":"info","msg":)_" + std::string(500000, '[');
  CHECK(read_all(deep) == std::vector<std::string>{"plain " + deep});
  const std::string closed =
      R"_({"level":"info","x":)_" + std::string(5000, '[') + std::string(5000, ']') + "}";
  CHECK(read_all(closed) == std::vector<std::string>{"plain " + closed});
  CHECK(read_all(R"_({"level":"info","msg":"\u0000\ud83d\ude00"})_").size() == 1);
}

TEST_CASE("random bytes and damaged records are read to the end") {
  std::mt19937 random(42);
  const std::string good = read_fixture("large-slow-bwlimit");
  for (int round = 0; round < 200; ++round) {
    std::string log = good.substr(0, 4000);
    for (int hits = 0; hits < 20; ++hits)
      log[random() % log.size()] = static_cast<char>(random());
    CHECK(read_in_chunks(log, 1 + random() % 700) == read_all(log));
  }
}

TEST_CASE("a stats record carries at most the capped number of current files") {
  std::string line = R"_({"level":"notice","stats":{"transferring":[)_";
  for (int i = 0; i < 1000; ++i)
    line += R"_({"name":"n"},)_";
  line.back() = ']';
  line += "}}";
  struct Counter final : LogHandler {
    void on_stats(const LogLine&, const StatsRecord& s) override { files = s.transferring.size(); }
    size_t files = 0;
  } counter;
  LogReader reader;
  reader.feed(line, counter);
  reader.finish(counter);
  CHECK(counter.files == LogReader::kMaxCurrentFiles);
}

}  // namespace
}  // namespace dray
