#include "schemas/ssh_host_keys.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/digest.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray {
namespace {

constexpr std::string_view kTypes[] = {
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa", "ssh-dss",
    "ssh-ed25519",
};

constexpr size_t kMaxKeys = 16;

std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

bool is_type(std::string_view word) {
  return std::ranges::find(kTypes, word) != std::end(kTypes);
}

// A key's bytes begin with its type: "u32 length, type".
bool begins_with_type(std::string_view bytes, std::string_view type) {
  constexpr size_t kLength = 4;
  return bytes.size() > kLength + type.size() &&
         bytes.substr(0, 3) == std::string_view("\0\0\0", 3) &&
         static_cast<unsigned char>(bytes[3]) == type.size() &&
         bytes.substr(kLength, type.size()) == type;
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= limits::kMaxNameBytes * 4 && !host.starts_with('-') &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == ':';
         });
}

Result<uint16_t> port_number(std::string_view text) {
  if (text.empty()) return uint16_t{22};
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    return fail(ErrorCode::invalid, "port: must be a number from 1 to 65535");
  return port;
}

}  // namespace

Result<HostKey> parse_host_key(std::string_view line) {
  std::string_view rest = line;
  std::string_view type = take_word(rest);
  if (!is_type(type)) type = take_word(rest);
  const std::string_view blob = take_word(rest);
  const Result<std::string> bytes =
      is_type(type) ? base64_decode(blob)
                    : fail(ErrorCode::invalid, "a host key looks like \"ssh-ed25519 AAAA...\"");
  if (!bytes) return std::unexpected(bytes.error());
  if (!begins_with_type(*bytes, type))
    return fail(ErrorCode::invalid, "the host key is not of the type {} that it says", type);
  return HostKey{std::string(type), std::string(blob)};
}

std::string host_key_fingerprint(const HostKey& key) {
  const Result<std::string> bytes = base64_decode(key.blob);
  if (!bytes) return "";
  std::string text = base64_encode(sha256(*bytes));
  while (text.ends_with('='))
    text.pop_back();
  return "SHA256:" + text;
}

std::string format_host_keys(std::span<const HostKey> keys) {
  std::string text;
  for (const HostKey& key : keys)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key.type, key.blob);
  return text;
}

Result<std::vector<HostKey>> parse_host_keys(std::string_view setting) {
  std::vector<HostKey> keys;
  while (!trim(setting).empty()) {
    const std::string_view one = setting.substr(0, setting.find(','));
    setting.remove_prefix(std::min(one.size() + 1, setting.size()));
    DRAY_TRY_ASSIGN(HostKey key, parse_host_key(one));
    keys.push_back(std::move(key));
    if (keys.size() > kMaxKeys) return fail(ErrorCode::invalid, "more than {} host keys", kMaxKeys);
  }
  return keys;
}

Result<std::string> known_hosts_text(std::string_view host, std::string_view port,
                                     std::string_view setting) {
  if (!is_host(host))
    return fail(ErrorCode::invalid, "host: must be a name or address, to compare its key with");
  DRAY_TRY_ASSIGN(const uint16_t number, port_number(port));
  DRAY_TRY_ASSIGN(const std::vector<HostKey> keys, parse_host_keys(setting));
  const std::string place = number == 22 && !host.contains(':')
                                ? std::string(host)
                                : fmt::format("[{}]:{}", host, number);
  std::string text;
  for (const HostKey& key : keys)
    text += fmt::format("{} {} {}\n", place, key.type, key.blob);
  return text;
}

std::span<const std::string_view> preferred_host_key_types() {
  return kTypes;
}

}  // namespace dray
