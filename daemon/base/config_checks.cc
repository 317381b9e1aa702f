#include "daemon/base/config_checks.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "daemon/base/text.h"

namespace dray::config_checks {
namespace {

constexpr size_t kMaxPathBytes = 4096;
// sun_path holds 108 bytes with its terminating zero.
constexpr size_t kMaxSocketPath = 107;
constexpr std::string_view kLongestSocket = "/broker/scheduler/requests.sock";
constexpr size_t kMaxRunDir = kMaxSocketPath - kLongestSocket.size();
constexpr size_t kMaxPeerName = 64;
constexpr size_t kCurveKeyChars = 40;
constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kIpc = "ipc://";

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool only(std::string_view text, std::string_view extra) {
  return std::ranges::all_of(text, [&](char c) {
    return kLetters.find(c) != std::string_view::npos ||
           kDigits.find(c) != std::string_view::npos || extra.find(c) != std::string_view::npos;
  });
}

bool is_clean_path(std::string_view text) {
  if (text == "/") return true;
  if (!text.starts_with('/') || text.size() >= kMaxPathBytes || !is_plain_text(text)) return false;
  for (size_t pos = 1; pos <= text.size();) {
    const size_t end = std::min(text.find('/', pos), text.size());
    const std::string_view part = text.substr(pos, end - pos);
    if (part.empty() || part == "." || part == "..") return false;
    pos = end + 1;
  }
  return true;
}

bool is_port(std::string_view text) {
  uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_host(std::string_view text) {
  if (text == "*") return true;
  if (text.starts_with('[') && text.ends_with(']'))
    return text.size() > 2 &&
           text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  return !text.empty() && text.size() <= 253 && only(text, ".-") && text.front() != '-';
}

bool is_tcp(std::string_view text) {
  if (!text.starts_with(kTcp)) return false;
  text.remove_prefix(kTcp.size());
  const size_t colon = text.find_last_of(':');
  return colon != std::string_view::npos && is_host(text.substr(0, colon)) &&
         is_port(text.substr(colon + 1));
}

bool is_ipc(std::string_view text) {
  if (!text.starts_with(kIpc)) return false;
  text.remove_prefix(kIpc.size());
  return is_clean_path(text) && text.size() <= kMaxSocketPath;
}

std::string unless(bool fine, std::string_view must) {
  return fine ? std::string{} : std::string(must);
}

}  // namespace

std::string path(std::string_view text) {
  return unless(is_clean_path(text),
                "must be an absolute path without '//', '.', '..' or a slash at the end");
}

std::string optional_path(std::string_view text) {
  return text.empty() ? std::string{} : path(text);
}

std::string run_dir(std::string_view text) {
  if (std::string problem = path(text); !problem.empty()) return problem;
  return unless(
      text.size() <= kMaxRunDir,
      fmt::format("must have at most {} bytes, because socket addresses are limited to {}",
                  kMaxRunDir, kMaxSocketPath));
}

std::string program(std::string_view text) {
  const bool name = !text.empty() && only(text, "._+-") && text.front() != '-';
  return unless(name || is_clean_path(text), "must be the name of a program or an absolute path");
}

std::string tcp_endpoint(std::string_view text) {
  return unless(is_tcp(text), "must be tcp://ADDRESS:PORT with a port from 1 to 65535");
}

std::string endpoint(std::string_view text) {
  return unless(is_tcp(text) || is_ipc(text), "must be ipc:///PATH or tcp://ADDRESS:PORT");
}

std::string peer_name(std::string_view text) {
  return unless(!text.empty() && text.size() <= kMaxPeerName && only(text, "._-") &&
                    only(text.substr(0, 1), ""),
                "must be 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit");
}

std::string optional_name(std::string_view text) {
  return text.empty() ? std::string{} : peer_name(text);
}

std::string remote_path(std::string_view text) {
  return unless(
      text.empty() || text == "/" ||
          is_clean_path(text.starts_with('/') ? std::string(text) : fmt::format("/{}", text)),
      "must be a path without '//', '.', '..' or a slash at the end");
}

std::string curve_key(std::string_view text) {
  return unless(
      text.empty() || (text.size() == kCurveKeyChars && only(text, ".-:+=^!/*?&<>()[]{}@%$#")),
      "must be a public key of 40 characters");
}

std::string time_zone(std::string_view text) {
  return unless(!text.empty() && text.size() <= kMaxPeerName && only(text, "_+-/") &&
                    only(text.substr(0, 1), "") && !text.ends_with('/'),
                "must be a time zone like UTC or Europe/Berlin");
}

std::string long_flag(std::string_view text) {
  return unless(
      text.size() > 2 && text.starts_with("--") && text[2] != '-' && only(text.substr(2), "-"),
      "must be a long flag like --fast-list, without a value");
}

}  // namespace dray::config_checks
