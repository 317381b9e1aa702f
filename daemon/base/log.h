// The process's log. Every line has a stable event name ("run.started"), a sentence for people and
// fields for machines:
//
//   log_info({"run.started", {{"run", id}, {"attempt", 2}}}, "run {} started on {}", id, worker);
//   log_warn("config.default", "no configuration at {}: defaults are used", path);
//
// The logger is the one global of the program: lines come from every layer, and handing a logger
// through all of them would buy nothing. Before init_log, and after it fails, lines of level info
// and above go to standard error. Pure cores do not log.
//
// Thread-safe. Formats: human (coloured on a terminal), json (one object per line), journal (native
// fields MESSAGE, PRIORITY, DRAY_EVENT, DRAY_PROGRAM, DRAY_<FIELD>). Values from outside cannot
// forge a line: control and bidirectional characters are escaped in all of them. A field must never
// hold a secret.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/base/enum_names.h"
#include "daemon/base/result.h"

namespace dray {

enum class LogLevel { trace, debug, info, warn, error };
template <>
struct EnumNames<LogLevel> {
  static constexpr std::string_view kWhat = "log level";
  static constexpr EnumRow<LogLevel> kRows[] = {{LogLevel::trace, "trace"},
                                                {LogLevel::debug, "debug"},
                                                {LogLevel::info, "info"},
                                                {LogLevel::warn, "warn"},
                                                {LogLevel::error, "error"}};
};

// automatic: journal when standard error is the journal (JOURNAL_STREAM), else human.
enum class LogFormat { automatic, human, json, journal };
template <>
struct EnumNames<LogFormat> {
  static constexpr std::string_view kWhat = "log format";
  static constexpr EnumRow<LogFormat> kRows[] = {{LogFormat::automatic, "auto"},
                                                 {LogFormat::human, "human"},
                                                 {LogFormat::json, "json"},
                                                 {LogFormat::journal, "journal"}};
};

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
  // Set: receives every finished line (with its '\n') of the human and json formats instead of
  // standard error. Called under the logger's lock.
  std::function<void(std::string_view line)> sink;
};

// Once, before other threads start; again only to change the sink (tests).
void init_log(std::string_view program, LogOptions options);
// At any time, from any thread.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

struct LogField {
  template <class T>
  LogField(std::string_view key_in, const T& value_in) : key(key_in) {
    if constexpr (NamedEnum<T>)
      value = std::string(to_string(value_in));
    else
      value = fmt::format("{}", value_in);
  }
  std::string_view key;  // lower_snake_case; becomes DRAY_<KEY> in the journal
  std::string value;
};

// Lives for one call: the fields are those of the call's own expression.
struct LogEvent {
  LogEvent(const char* name_in) : name(name_in) {}  // NOLINT: a bare name is an event
  LogEvent(std::string_view name_in, std::initializer_list<LogField> fields_in)
      : name(name_in), fields(fields_in) {}
  std::string_view name;  // lower-case words with dots, never built from input
  std::initializer_list<LogField> fields;
};

void log_write(LogLevel level, const LogEvent& event, std::string_view message);

template <class... Args>
void log_at(LogLevel level, const LogEvent& event, fmt::format_string<Args...> format,
            Args&&... args) {
  if (!log_enabled(level)) return;
  log_write(level, event, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_trace(const LogEvent& event, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::trace, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(const LogEvent& event, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::debug, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(const LogEvent& event, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::info, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(const LogEvent& event, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::warn, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(const LogEvent& event, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::error, event, format, std::forward<Args>(args)...);
}

}  // namespace dray
