#include "workers/rclone_log.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "workers/rclone_messages.h"

namespace dray {
namespace {

using simdjson::dom::element;

struct CounterRow {
  std::string_view key;
  int64_t StatsRecord::*member;
};
constexpr CounterRow kCounters[] = {
    {"bytes", &StatsRecord::bytes},
    {"checks", &StatsRecord::checks},
    {"deletedDirs", &StatsRecord::deleted_dirs},
    {"deletes", &StatsRecord::deletes},
    {"errors", &StatsRecord::errors},
    {"eta", &StatsRecord::eta_seconds},
    {"listed", &StatsRecord::listed},
    {"renames", &StatsRecord::renames},
    {"serverSideCopies", &StatsRecord::server_side_copies},
    {"serverSideCopyBytes", &StatsRecord::server_side_copy_bytes},
    {"serverSideMoves", &StatsRecord::server_side_moves},
    {"serverSideMoveBytes", &StatsRecord::server_side_move_bytes},
    {"totalBytes", &StatsRecord::total_bytes},
    {"totalChecks", &StatsRecord::total_checks},
    {"totalTransfers", &StatsRecord::total_transfers},
    {"transfers", &StatsRecord::transfers},
};

struct RealRow {
  std::string_view key;
  double StatsRecord::*member;
};
constexpr RealRow kReals[] = {
    {"elapsedTime", &StatsRecord::elapsed_seconds},
    {"speed", &StatsRecord::speed},
    {"transferTime", &StatsRecord::transfer_seconds},
};

struct FlagRow {
  std::string_view key;
  bool StatsRecord::*member;
};
constexpr FlagRow kFlags[] = {
    {"fatalError", &StatsRecord::fatal_error},
    {"retryError", &StatsRecord::retry_error},
};

// Comparing with a literal of known size takes two instructions; this runs for every key of every
// line.
template <size_t N>
bool is(std::string_view key, const char (&literal)[N]) {
  return key.size() == N - 1 && std::memcmp(key.data(), literal, N - 1) == 0;
}

template <class Row, size_t N>
const Row* find_row(const Row (&rows)[N], std::string_view key) {
  for (const Row& row : rows)
    if (row.key == key) return &row;
  return nullptr;
}

// Counters are never negative; an overflowing eta of rclone 1.60 reads as unknown.
int64_t to_count(const element& value, int64_t fallback) {
  int64_t integer = 0;
  if (value.get(integer) == simdjson::SUCCESS)
    return integer < 0 ? fallback : std::min(integer, StatsRecord::kMaxCount);
  double real = 0;
  if (value.get(real) != simdjson::SUCCESS || !(real >= 0)) return fallback;
  return static_cast<int64_t>(std::min(real, static_cast<double>(StatsRecord::kMaxCount)));
}

double to_real(const element& value) {
  double real = 0;
  if (value.get(real) != simdjson::SUCCESS || !std::isfinite(real)) return 0;
  return real;
}

std::string_view to_text(const element& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return {};
  return text;
}

}  // namespace

// simdjson and the buffers that a stats record points into, reused from line to line.
class LogReader::Json {
 public:
  // Big enough to spread the cost of a pass, small enough to stay in the cache between both passes.
  static constexpr size_t kBatch = 256 << 10;

  Json() : parser_(kMaxLine + simdjson::SIMDJSON_PADDING) {
#ifdef SIMDJSON_THREADS_ENABLED
    parser_.threaded = false;
#endif
  }

  // False: no JSON object of ours; the line is plain text.
  bool parse(std::string_view line, size_t readable, LogHandler& handler);
  // Many lines in one pass, twice as fast. `bytes` ends with a newline and has simdjson's padding
  // behind it. Stops at the first line that is no record; returns how many bytes were handed out.
  size_t parse_many(std::string_view bytes, LogHandler& handler, uint64_t& lines);

 private:
  bool read_record(const element& root, LogHandler& handler);
  void read_stats(const simdjson::dom::object& stats, StatsRecord& record);
  void read_transferring(const element& value);
  void read_checking(const element& value);

  simdjson::dom::parser parser_;
  std::string padded_;
  std::vector<TransferringFile> transferring_;
  std::vector<std::string_view> checking_;
};

bool LogReader::Json::parse(std::string_view line, size_t readable, LogHandler& handler) {
  const char* data = line.data();
  if (readable < line.size() + simdjson::SIMDJSON_PADDING) {
    padded_.assign(line);
    padded_.resize(line.size() + simdjson::SIMDJSON_PADDING);
    data = padded_.data();
  }
  element root;
  if (parser_.parse(data, line.size(), false).get(root) != simdjson::SUCCESS) return false;
  return read_record(root, handler);
}

size_t LogReader::Json::parse_many(std::string_view bytes, LogHandler& handler, uint64_t& lines) {
  simdjson::dom::document_stream documents;
  if (parser_.parse_many(bytes.data(), bytes.size(), kBatch).get(documents) != simdjson::SUCCESS)
    return 0;
  size_t begin = 0;
  for (auto it = documents.begin(); it != documents.end(); ++it) {
    element root;
    // A document that does not fill exactly one line is text that happens to look like JSON.
    if ((*it).get(root) != simdjson::SUCCESS || it.current_index() != begin) break;
    const size_t end = begin + it.source().size();
    if (end >= bytes.size() || bytes[end] != '\n' ||
        std::memchr(bytes.data() + begin, '\n', end - begin) != nullptr ||
        !read_record(root, handler))
      break;
    ++lines;
    begin = end + 1;
  }
  return begin;
}

bool LogReader::Json::read_record(const element& root, LogHandler& handler) {
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return false;

  LogLine record;
  simdjson::dom::object stats;
  bool has_stats = false;
  bool has_level = false;
  for (const auto& [key, value] : object) {
    if (is(key, "level")) {
      record.level = parse_log_level(to_text(value)).value_or(RecordLevel::notice);
      has_level = true;
    } else if (is(key, "msg")) {
      record.message = to_text(value);
    } else if (is(key, "object")) {
      record.object = to_text(value);
    } else if (is(key, "objectType")) {
      record.object_type = to_text(value);
    } else if (is(key, "time")) {
      record.time = to_text(value);
    } else if (is(key, "size")) {
      record.size = to_count(value, -1);
    } else if (is(key, "skipped")) {
      record.skipped = to_text(value);
    } else if (is(key, "stats")) {
      has_stats = value.get(stats) == simdjson::SUCCESS;
    }
  }
  if (has_stats) {
    StatsRecord statistics;
    read_stats(stats, statistics);
    handler.on_stats(record, statistics);
    return true;
  }
  if (!has_level && record.message.empty()) return false;
  dispatch_record(record, handler);
  return true;
}

void LogReader::Json::read_stats(const simdjson::dom::object& stats, StatsRecord& record) {
  transferring_.clear();
  checking_.clear();
  for (const auto& [key, value] : stats) {
    if (const CounterRow* row = find_row(kCounters, key)) {
      record.*row->member = to_count(value, row->member == &StatsRecord::eta_seconds ? -1 : 0);
    } else if (const RealRow* real = find_row(kReals, key)) {
      record.*real->member = to_real(value);
    } else if (const FlagRow* flag = find_row(kFlags, key)) {
      bool set = false;
      record.*flag->member = value.get(set) == simdjson::SUCCESS && set;
    } else if (is(key, "lastError")) {
      record.last_error = to_text(value);
    } else if (is(key, "transferring")) {
      read_transferring(value);
    } else if (is(key, "checking")) {
      read_checking(value);
    }
  }
  record.transferring = transferring_;
  record.checking = checking_;
}

void LogReader::Json::read_transferring(const element& value) {
  simdjson::dom::array files;
  if (value.get(files) != simdjson::SUCCESS) return;
  for (const element& entry : files) {
    if (transferring_.size() == kMaxCurrentFiles) return;
    simdjson::dom::object object;
    if (entry.get(object) != simdjson::SUCCESS) continue;
    TransferringFile file;
    for (const auto& [key, field] : object) {
      if (is(key, "name")) file.name = to_text(field);
      if (is(key, "size")) file.size = to_count(field, -1);
      if (is(key, "bytes")) file.bytes = to_count(field, 0);
      if (is(key, "percentage"))
        file.percent = static_cast<int>(std::min<int64_t>(to_count(field, 0), 100));
      if (is(key, "speedAvg")) file.bytes_per_second = to_real(field);
    }
    transferring_.push_back(file);
  }
}

void LogReader::Json::read_checking(const element& value) {
  simdjson::dom::array names;
  if (value.get(names) != simdjson::SUCCESS) return;
  for (const element& entry : names) {
    if (checking_.size() == kMaxCurrentFiles) return;
    checking_.push_back(to_text(entry));
  }
}

LogReader::LogReader() : json_(std::make_unique<Json>()) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

void LogReader::feed(std::span<const char> bytes, LogHandler& handler) {
  std::string_view rest(bytes.data(), bytes.size());
  bool records_only = true;  // until a line of this chunk was none
  while (!rest.empty()) {
    if (records_only && kept_.empty() && !discarding_) {
      const size_t done = feed_batch(rest, handler);
      records_only = done != 0;
      rest.remove_prefix(done);
      if (done != 0) continue;
    }
    const size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) return keep(rest);
    feed_line(rest.substr(0, newline), rest.size(), handler);
    rest.remove_prefix(newline + 1);
  }
}

size_t LogReader::feed_batch(std::string_view bytes, LogHandler& handler) {
  if (bytes.front() != '{' || bytes.size() < kLeastBatch) return 0;
  const std::string_view padded = bytes.substr(0, bytes.size() - simdjson::SIMDJSON_PADDING);
  const size_t last = padded.substr(0, Json::kBatch).rfind('\n');
  if (last == std::string_view::npos) return 0;
  return json_->parse_many(bytes.substr(0, last + 1), handler, lines_);
}

void LogReader::feed_line(std::string_view line, size_t readable, LogHandler& handler) {
  if (discarding_ || !kept_.empty()) {
    keep(line);
    finish_kept(handler);
  } else if (line.size() > kMaxLine) {
    ++discarded_lines_;
  } else {
    parse(line, readable, handler);
  }
}

void LogReader::finish(LogHandler& handler) {
  if (discarding_ || !kept_.empty()) finish_kept(handler);
}

void LogReader::keep(std::string_view part) {
  if (discarding_) return;
  if (kept_.size() + part.size() > kMaxLine) {
    discarding_ = true;
    kept_.clear();
    return;
  }
  kept_ += part;
}

void LogReader::finish_kept(LogHandler& handler) {
  if (discarding_) {
    ++discarded_lines_;
  } else {
    parse(kept_, kept_.size(), handler);
  }
  discarding_ = false;
  kept_.clear();
}

void LogReader::parse(std::string_view line, size_t readable, LogHandler& handler) {
  ++lines_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (!line.empty() && line.front() == '{' && json_->parse(line, readable, handler)) return;
  if (const std::optional<LogLine> record = parse_text_record(line)) {
    dispatch_record(*record, handler);
    return;
  }
  handler.on_plain(line);
}

}  // namespace dray
