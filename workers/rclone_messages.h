// What the text of an rclone log record means, and rclone's plain text log form. Internal to the
// log reader; one table of message prefixes serves both forms. Records are never told apart by
// `source`: its line numbers change with every version.
#pragma once

#include <optional>
#include <string_view>

#include "workers/rclone_events.h"

namespace dray {

std::optional<RecordLevel> parse_log_level(std::string_view name);

// Calls the handler's method for a record that is not a stats record.
void dispatch_record(const LogLine& line, LogHandler& handler);

// "2026/11/20 06:25:12 INFO  : dir/f3.bin: Copied (new)", with or without the date and a "<6>" of
// journald; nullopt when the line has no level. `message` and `object` are split at a message known
// to the table; without one, all of the text is the message.
std::optional<LogLine> parse_text_record(std::string_view line);

// Without "YYYY/MM/DD hh:mm:ss " and "<N>". `time`, if not null, receives the date.
std::string_view strip_text_prefix(std::string_view line, std::string_view* time = nullptr);

}  // namespace dray
