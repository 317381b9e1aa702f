#include "workers/rclone_messages.h"

#include <algorithm>
#include <charconv>

namespace dray {
namespace {

struct LevelRow {
  std::string_view name;
  RecordLevel level;
};
constexpr LevelRow kLevels[] = {
    {"info", RecordLevel::info},      {"error", RecordLevel::error},
    {"notice", RecordLevel::notice},  {"warning", RecordLevel::notice},
    {"debug", RecordLevel::debug},    {"critical", RecordLevel::critical},
    {"fatal", RecordLevel::critical}, {"panic", RecordLevel::critical},
    {"alert", RecordLevel::critical}, {"emergency", RecordLevel::critical},
    {"warn", RecordLevel::notice},    {"trace", RecordLevel::debug},
};

// As in the plain form, padded to six characters there. 1.60 has the first four.
constexpr LevelRow kTextLevels[] = {
    {"INFO", RecordLevel::info},         {"ERROR", RecordLevel::error},
    {"NOTICE", RecordLevel::notice},     {"DEBUG", RecordLevel::debug},
    {"CRITICAL", RecordLevel::critical}, {"WARNING", RecordLevel::notice},
    {"ALERT", RecordLevel::critical},    {"EMERGENCY", RecordLevel::critical},
};

struct ActionRow {
  std::string_view prefix;
  ObjectAction action;
};
// The first prefix that fits counts.
constexpr ActionRow kActions[] = {
    {"Copied (server-side", ObjectAction::server_side_copied},
    {"Copied (", ObjectAction::copied},
    {"Multi-thread Copied (", ObjectAction::copied},
    {"Deleted", ObjectAction::deleted},
    {"Moved into backup dir", ObjectAction::moved_to_backup},
    {"Moved (", ObjectAction::moved},
    {"Renamed from ", ObjectAction::renamed},
    {"Updated modification time", ObjectAction::metadata_updated},
    {"Set directory modification time", ObjectAction::metadata_updated},
    {"Updated directory metadata", ObjectAction::metadata_updated},
    {"Set directory metadata", ObjectAction::metadata_updated},
    {"Made directory", ObjectAction::directory_made},
    {"Making directory", ObjectAction::directory_made},
    {"Removing directory", ObjectAction::directory_removed},
    {"Removed directory", ObjectAction::directory_removed},
};

struct RetryRow {
  std::string_view prefix;
  RetryKind kind;
};
constexpr RetryRow kRetries[] = {
    {"Fatal error received - not attempting retries", RetryKind::fatal},
    {"Can't retry any of the errors - not attempting retries", RetryKind::not_retryable},
    {"Can't retry this error - not attempting retries", RetryKind::not_retryable},
};

struct CheckRow {
  std::string_view suffix;  // behind "N "
  CheckCount count;
};
constexpr CheckRow kChecks[] = {
    {"differences found", CheckCount::differences},
    {"errors while checking", CheckCount::errors},
    {"hashes could not be checked", CheckCount::unchecked_hashes},
    {"matching files", CheckCount::matching},
    {"files missing", CheckCount::missing},
};

// Messages that carry an object but are no action; they tell where an object's name ends in plain
// text.
constexpr std::string_view kObjectMessages[] = {
    "Failed to ",
    "error reading ",
    "Couldn't delete",
    "Removing partially written file",
    "Skipped ",
    "corrupted on transfer",
    "not deleting ",
    "Source and destination exist but do not match",
    "Can't transfer non file/directory",
    "Can't follow symlink",
    "Listing error",
    "failed to open directory",
    "Unchanged skipping",
    "md5 differ",
    "sha1 differ",
    "sizes differ",
    "file not in ",
    "Duplicate ",
};

constexpr std::string_view kRcServing = "Serving remote control on http";

// Reads a number at the front of `text` and removes it. False when there is none.
template <class Integer>
bool take_number(std::string_view& text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

const ActionRow* find_action(std::string_view message) {
  for (const ActionRow& row : kActions)
    if (message.starts_with(row.prefix)) return &row;
  return nullptr;
}

// "Attempt 1/3 failed with 2 errors and: TEXT", "Attempt 2/3 succeeded"
bool parse_attempt(std::string_view text, RetryRecord& record) {
  if (!take(text, "Attempt ") || !take_number(text, record.attempt) || !take(text, "/") ||
      !take_number(text, record.attempts))
    return false;
  if (text.starts_with(" succeeded")) {
    record.kind = RetryKind::attempt_succeeded;
    return true;
  }
  if (!text.starts_with(" failed")) return false;
  record.kind = RetryKind::attempt_failed;
  const size_t colon = text.find(": ");
  if (colon != std::string_view::npos) record.error = text.substr(colon + 2);
  return true;
}

bool dispatch_retry(const LogLine& line, LogHandler& handler) {
  RetryRecord record;
  if (parse_attempt(line.message, record)) {
    handler.on_retry(line, record);
    return true;
  }
  for (const RetryRow& row : kRetries) {
    if (!line.message.starts_with(row.prefix)) continue;
    record.kind = row.kind;
    handler.on_retry(line, record);
    return true;
  }
  return false;
}

bool dispatch_check(const LogLine& line, LogHandler& handler) {
  std::string_view text = line.message;
  int64_t count = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9' || !take_number(text, count) ||
      !take(text, " "))
    return false;
  for (const CheckRow& row : kChecks) {
    if (!text.starts_with(row.suffix)) continue;
    handler.on_check(line, row.count, std::min(count, StatsRecord::kMaxCount));
    return true;
  }
  return false;
}

bool dispatch_rc(const LogLine& line, LogHandler& handler) {
  if (!line.message.starts_with(kRcServing)) return false;
  std::string_view url = line.message;
  const size_t colon = url.rfind(':');
  url.remove_prefix(colon + 1);
  uint16_t port = 0;
  if (!take_number(url, port) || port == 0) return false;
  handler.on_rc_serving(line, port);
  return true;
}

bool starts_known_message(std::string_view text) {
  if (find_action(text) != nullptr) return true;
  for (std::string_view prefix : kObjectMessages)
    if (text.starts_with(prefix)) return true;
  return false;
}

// "dir/f3.bin: Copied (new)": the object ends where a known message begins.
void split_object(std::string_view text, LogLine& line) {
  line.message = text;
  if (starts_known_message(text)) return;
  for (size_t at = text.find(": "); at != std::string_view::npos; at = text.find(": ", at + 1)) {
    if (!starts_known_message(text.substr(at + 2))) continue;
    line.object = text.substr(0, at);
    line.message = text.substr(at + 2);
    return;
  }
  // Check counts come with the remote's description in front: "Local file system at /b: 0
  // differences found"
  const size_t last = text.rfind(": ");
  if (last == std::string_view::npos) return;
  std::string_view tail = text.substr(last + 2);
  int64_t count = 0;
  if (!take_number(tail, count) || !take(tail, " ")) return;
  for (const CheckRow& row : kChecks) {
    if (!tail.starts_with(row.suffix)) continue;
    line.object = text.substr(0, last);
    line.message = text.substr(last + 2);
    return;
  }
}

// "dddd/dd/dd dd:dd:dd " with an optional ".dddddd"
size_t date_length(std::string_view text) {
  constexpr std::string_view kShape = "0000/00/00 00:00:00";
  if (text.size() <= kShape.size()) return 0;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return 0;
  }
  size_t end = kShape.size();
  if (text[end] == '.')
    for (++end; end < text.size() && text[end] >= '0' && text[end] <= '9';)
      ++end;
  return end < text.size() && text[end] == ' ' ? end : 0;
}

}  // namespace

std::optional<RecordLevel> parse_log_level(std::string_view name) {
  for (const LevelRow& row : kLevels)
    if (row.name == name) return row.level;
  return std::nullopt;
}

void dispatch_record(const LogLine& line, LogHandler& handler) {
  if (!line.skipped.empty()) return handler.on_dry_run(line);
  if (line.level >= RecordLevel::error) {
    if (!dispatch_retry(line, handler)) handler.on_error(line);
    return;
  }
  if (const ActionRow* row = find_action(line.message)) return handler.on_object(line, row->action);
  if (line.level == RecordLevel::notice &&
      (dispatch_check(line, handler) || dispatch_rc(line, handler)))
    return;
  handler.on_note(line);
}

std::string_view strip_text_prefix(std::string_view line, std::string_view* time) {
  if (line.size() > 3 && line[0] == '<' && line[2] == '>') line.remove_prefix(3);
  const size_t length = date_length(line);
  if (length == 0) return line;
  if (time != nullptr) *time = line.substr(0, length);
  return line.substr(length + 1);
}

std::optional<LogLine> parse_text_record(std::string_view text) {
  LogLine line;
  text = strip_text_prefix(text, &line.time);
  for (const LevelRow& row : kTextLevels) {
    if (!text.starts_with(row.name)) continue;
    std::string_view rest = text.substr(row.name.size());
    while (!rest.empty() && rest.front() == ' ')
      rest.remove_prefix(1);
    if (!take(rest, ":")) return std::nullopt;
    take(rest, " ");
    line.level = row.level;
    split_object(rest, line);
    constexpr std::string_view kSkipped = "Skipped ";
    constexpr std::string_view kDryRun = " as --dry-run is set";
    const size_t dry = line.message.find(kDryRun);
    if (line.message.starts_with(kSkipped) && dry != std::string_view::npos)
      line.skipped = line.message.substr(kSkipped.size(), dry - kSkipped.size());
    return line;
  }
  return std::nullopt;
}

}  // namespace dray
