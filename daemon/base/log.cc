#include "daemon/base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <syslog.h>
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <mutex>
#include <vector>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "daemon/base/time.h"

namespace dray {
namespace {

struct LevelRow {
  LogLevel level;
  spdlog::level::level_enum spd;
  int syslog_priority;
  std::string_view padded;  // as in human lines
  std::string_view colour;
};
constexpr LevelRow kLevels[] = {
    {LogLevel::trace, spdlog::level::trace, LOG_DEBUG, "trace", "\033[2m"},
    {LogLevel::debug, spdlog::level::debug, LOG_DEBUG, "debug", "\033[2m"},
    {LogLevel::info, spdlog::level::info, LOG_INFO, "info ", "\033[32m"},
    {LogLevel::warn, spdlog::level::warn, LOG_WARNING, "warn ", "\033[33m"},
    {LogLevel::error, spdlog::level::err, LOG_ERR, "error", "\033[31m"},
};
constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kPlain = "\033[0m";

const LevelRow& row_of(LogLevel level) {
  return kLevels[static_cast<size_t>(level)];
}

WallTime wall_now() {
  return SystemClock{}.now().wall;
}

// A value that could be read as two words is quoted.
std::string human_value(const std::string& value) {
  const bool bare = !value.empty() && value.find_first_of(" =\"\\") == std::string::npos;
  return bare ? value : json_quote(value);
}

std::string human_line(const LevelRow& level, std::string_view program, const LogEvent& event,
                       std::string_view message, bool colour) {
  const auto paint = [&](std::string_view code) { return colour ? code : std::string_view{}; };
  std::string line = fmt::format("{}{}{} {}{}{} {}: {}", paint(kDim), format_rfc3339(wall_now()),
                                 paint(kPlain), paint(level.colour), level.padded, paint(kPlain),
                                 program, escape_for_display(message));
  line += paint(kDim);
  for (const LogField& field : event.fields)
    line += fmt::format(" {}={}", field.key, escape_for_display(human_value(field.value)));
  (line += paint(kPlain)) += '\n';
  return line;
}

std::string json_line(const LevelRow& level, std::string_view program, const LogEvent& event,
                      std::string_view message) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","program":{},"event":{},"message":{})",
                  format_rfc3339(wall_now()), to_string(level.level), json_quote(program),
                  json_quote(event.name), json_quote(message));
  for (const LogField& field : event.fields)
    line += fmt::format(",{}:{}", json_quote(field.key), json_quote(field.value));
  return line + "}\n";
}

// Journal field names are upper case; a newline in a value cannot forge a field, because every
// field is handed over with its length.
std::string journal_field(std::string_view key, std::string_view value) {
  std::string field = "DRAY_";
  for (const char c : key)
    field += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return (field += '=') += escape_for_display(value);
}

bool journal_send(const LevelRow& level, std::string_view program, const LogEvent& event,
                  std::string_view message) {
  std::vector<std::string> fields = {
      fmt::format("MESSAGE={}", escape_for_display(message)),
      fmt::format("PRIORITY={}", level.syslog_priority),
      fmt::format("SYSLOG_IDENTIFIER={}", program),
      journal_field("program", program),
      journal_field("event", event.name),
  };
  for (const LogField& field : event.fields)
    fields.push_back(journal_field(field.key, field.value));
  std::vector<iovec> vectors;
  for (std::string& field : fields)
    vectors.push_back({field.data(), field.size()});
  return sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size())) == 0;
}

// systemd sets JOURNAL_STREAM to the device and inode of the journal's socket: only if standard
// error still is that socket are we talking to the journal.
bool stderr_is_journal() {
  const char* text = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (text == nullptr || fstat(STDERR_FILENO, &info) != 0) return false;
  return fmt::format("{}:{}", info.st_dev, info.st_ino) == text;
}

// Finished lines to standard error or to the sink of the options. spdlog serialises the calls.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line{message.payload.data(), message.payload.size()};
    if (write_) return write_(line);
    // A log that cannot be written has nowhere to say so.
    (void)write_all(STDERR_FILENO, line, "log");
  }
  void flush_() override {}

 private:
  const std::function<void(std::string_view)> write_;
};

struct Logger {
  std::string program = "dray";
  LogFormat format = LogFormat::human;
  bool colour = false;
  std::shared_ptr<spdlog::logger> lines;
};

Logger make_logger(std::string_view program, LogOptions options) {
  Logger logger;
  logger.program = program;
  logger.format = options.format;
  if (options.format == LogFormat::automatic)
    logger.format = stderr_is_journal() ? LogFormat::journal : LogFormat::human;
  logger.colour = !options.sink && isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  logger.lines = std::make_shared<spdlog::logger>(
      logger.program, std::make_shared<LineSink>(std::move(options.sink)));
  logger.lines->set_level(row_of(options.level).spd);
  return logger;
}

// The program's one global, see log.h.
Logger& logger() {
  static Logger instance = make_logger("dray", {.format = LogFormat::human, .sink = {}});
  return instance;
}

}  // namespace

void init_log(std::string_view program, LogOptions options) {
  logger() = make_logger(program, std::move(options));
}

void set_log_level(LogLevel level) {
  logger().lines->set_level(row_of(level).spd);
}

bool log_enabled(LogLevel level) {
  return logger().lines->should_log(row_of(level).spd);
}

void log_write(LogLevel level, const LogEvent& event, std::string_view message) {
  const LevelRow& row = row_of(level);
  Logger& log = logger();
  if (log.format == LogFormat::journal && journal_send(row, log.program, event, message)) return;
  const std::string line = log.format == LogFormat::json
                               ? json_line(row, log.program, event, message)
                               : human_line(row, log.program, event, message, log.colour);
  log.lines->log(row.spd, spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace dray
