// Checks of single texts in the configuration. Each returns "" or what the text "must be". Pure.
#pragma once

#include <string>
#include <string_view>

namespace dray::config_checks {

// Absolute, clean (no "//", "." or ".." component, no trailing slash), printable, under 4096 bytes.
std::string path(std::string_view text);
// The same, or empty.
std::string optional_path(std::string_view text);
// Short enough for the sockets below it: an address of a Unix socket holds 107 bytes.
std::string run_dir(std::string_view text);
// A name to be found on PATH, or an absolute path.
std::string program(std::string_view text);
// "tcp://ADDRESS:PORT"
std::string tcp_endpoint(std::string_view text);
// That, or "ipc:///PATH"
std::string endpoint(std::string_view text);
// Letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64.
std::string peer_name(std::string_view text);
// The same, or empty.
std::string optional_name(std::string_view text);
// A path on a remote, or empty: no "." or ".." component, no "//", no slash at its end.
std::string remote_path(std::string_view text);
// 40 characters of Z85, or empty.
std::string curve_key(std::string_view text);
// Shaped like "Europe/Berlin"; whether it exists is found out by who uses it.
std::string time_zone(std::string_view text);
// "--some-flag"
std::string long_flag(std::string_view text);

}  // namespace dray::config_checks
