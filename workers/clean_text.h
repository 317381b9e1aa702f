// Text that came from rclone, a file name or a server, made fit to be shown, stored or sent. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dray {

// A whole sentence of rclone's fits; a server's error page does not.
inline constexpr size_t kMaxShownText = 400;

// Valid UTF-8 on one line: control characters and newlines become spaces (runs of spaces become
// one), invisible and direction-changing characters vanish, invalid bytes become U+FFFD.
std::string strip_controls(std::string_view text);

// Replaces what may be a secret by "[redacted]": user:password@ in URLs, values of options and
// query parameters whose name says so, connection strings of remotes (":webdav,opt=value:"), quoted
// lines of a config file, bearer tokens, long random-looking words.
std::string redact_secrets(std::string_view text);

// Both of the above, and cut to `max` bytes at a character's edge with an ellipsis.
std::string clean_line(std::string_view text, size_t max = kMaxShownText);

}  // namespace dray
