// Log lines to typed records per second, beside simdjson's parse_many with the same extraction and
// beside the mere search for line ends, on real logs repeated to `--mib`.
//
//   bench-parser run --logs DIR --mib N --rounds N
#include <simdjson.h>

#include <cstring>
#include <filesystem>

#include "daemon/base/files.h"
#include "tests/bench/measure.h"
#include "workers/rclone_log.h"

namespace dray::bench {
namespace {

constexpr size_t kMaxLog = size_t{64} << 20;
// What a worker reads from its pipe at once.
constexpr size_t kChunk = 64 << 10;

std::string load_lines(const std::string& dir, size_t bytes) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(dir))
    if (entry.path().extension() == ".jsonl") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::string once;
  for (const std::string& path : paths) {
    const std::string log = must(read_file(path, kMaxLog));
    for (size_t at = 0; at < log.size();) {
      size_t end = log.find('\n', at);
      if (end == std::string::npos) end = log.size();
      // parse_many cannot pass over text that is no JSON, so nobody gets any.
      if (log[at] == '{') once.append(log, at, end - at).push_back('\n');
      at = end + 1;
    }
  }
  if (once.empty()) give_up("no log lines in " + dir);
  std::string all;
  all.reserve(bytes + once.size() + simdjson::SIMDJSON_PADDING);
  while (all.size() < bytes)
    all += once;
  return all;
}

struct Sums {
  uint64_t records = 0;
  uint64_t bytes = 0;  // of stats
};

class Counter : public LogHandler {
 public:
  void on_stats(const LogLine&, const StatsRecord& stats) override {
    ++sums.records;
    sums.bytes += static_cast<uint64_t>(stats.bytes);
  }
  void on_object(const LogLine&, ObjectAction) override { ++sums.records; }
  void on_dry_run(const LogLine&) override { ++sums.records; }
  void on_retry(const LogLine&, const RetryRecord&) override { ++sums.records; }
  void on_check(const LogLine&, CheckCount, int64_t) override { ++sums.records; }
  void on_rc_serving(const LogLine&, uint16_t) override { ++sums.records; }
  void on_error(const LogLine&) override { ++sums.records; }
  void on_note(const LogLine&) override { ++sums.records; }
  Sums sums;
};

Sums ours(const std::string& text) {
  LogReader reader;
  Counter counter;
  for (size_t at = 0; at < text.size(); at += kChunk)
    reader.feed(std::span(text).subspan(at, std::min(kChunk, text.size() - at)), counter);
  reader.finish(counter);
  return counter.sums;
}

Sums parse_many(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines;
  if (parser.parse_many(text.data(), text.size(), size_t{1} << 20).get(lines) != simdjson::SUCCESS)
    give_up("simdjson cannot read the lines");
  Sums sums;
  for (auto line : lines) {
    simdjson::dom::object record;
    if (line.get(record) != simdjson::SUCCESS) give_up("simdjson cannot read a line");
    ++sums.records;
    for (const char* key : {"level", "msg", "object", "time"}) {
      std::string_view value;
      if (record[key].get(value) == simdjson::SUCCESS && value.empty()) ++sums.bytes;
    }
    uint64_t bytes = 0;
    if (record["stats"]["bytes"].get(bytes) == simdjson::SUCCESS) sums.bytes += bytes;
  }
  return sums;
}

Sums line_ends(const std::string& text) {
  Sums sums;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const void* newline = std::memchr(at, '\n', static_cast<size_t>(end - at));
    if (!newline) break;
    ++sums.records;
    at = static_cast<const char*>(newline) + 1;
  }
  return sums;
}

template <class Function>
double gigabytes_per_second(const std::string& text, uint64_t lines, Function&& parse) {
  const Instant start = now();
  const Sums sums = parse(text);
  const double took = seconds_since(start);
  if (sums.records != lines)
    give_up(fmt::format("{} records of {} lines were seen", sums.records, lines));
  return static_cast<double>(text.size()) / took / 1e9;
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  using namespace dray::bench;
  const Arguments arguments(argc, argv);
  const std::string text = load_lines(arguments.text("logs"), arguments.number("mib", 64) << 20);
  const uint64_t lines = line_ends(text).records;
  for (uint64_t round = 0; round < arguments.number("rounds", 5); ++round)
    Report()
        .add("ours", gigabytes_per_second(text, lines, ours))
        .add("parse_many", gigabytes_per_second(text, lines, parse_many))
        .add("memchr", gigabytes_per_second(text, lines, line_ends))
        .print();
}
