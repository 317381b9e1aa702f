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

struct TextRow {
  std::string_view key;
  std::string_view LogLine::*member;
};
constexpr TextRow kTexts[] = {
    {"msg", &LogLine::message},     {"time", &LogLine::time},
    {"object", &LogLine::object},   {"objectType", &LogLine::object_type},
    {"skipped", &LogLine::skipped},
};

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
  Json() : parser_(kMaxLine + simdjson::SIMDJSON_PADDING) {}

  // False: no JSON object of ours; the line is plain text.
  bool parse(std::string_view line, size_t readable, LogHandler& handler);

 private:
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
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return false;

  LogLine record;
  simdjson::dom::object stats;
  bool has_stats = false;
  bool has_level = false;
  for (const auto& [key, value] : object) {
    if (const TextRow* row = find_row(kTexts, key)) {
      record.*row->member = to_text(value);
    } else if (key == "level") {
      const std::optional<LogLevel> level = parse_log_level(to_text(value));
      record.level = level.value_or(LogLevel::notice);
      has_level = true;
    } else if (key == "size") {
      record.size = to_count(value, -1);
    } else if (key == "stats") {
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
    } else if (key == "lastError") {
      record.last_error = to_text(value);
    } else if (key == "transferring") {
      read_transferring(value);
    } else if (key == "checking") {
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
      if (key == "name") file.name = to_text(field);
      if (key == "size") file.size = to_count(field, -1);
      if (key == "bytes") file.bytes = to_count(field, 0);
      if (key == "percentage")
        file.percent = static_cast<int>(std::min<int64_t>(to_count(field, 0), 100));
      if (key == "speedAvg") file.bytes_per_second = to_real(field);
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
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    const size_t left = static_cast<size_t>(end - at);
    const char* newline = static_cast<const char*>(std::memchr(at, '\n', left));
    if (newline == nullptr) return keep({at, left});
    const std::string_view line(at, static_cast<size_t>(newline - at));
    if (discarding_ || !kept_.empty()) {
      keep(line);
      finish_kept(handler);
    } else if (line.size() > kMaxLine) {
      ++discarded_lines_;
    } else {
      parse(line, left, handler);
    }
    at = newline + 1;
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
