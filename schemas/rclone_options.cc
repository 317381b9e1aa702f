#include "schemas/rclone_options.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray {
namespace {

constexpr std::string_view kRuns = "it runs a program on the worker";
constexpr std::string_view kReads = "it reads a file of the worker";

constexpr RefusedOption kRefused[] = {
    // rclone stores these two itself at the first use of an sftp remote.
    {"sftp", "md5sum_command", kRuns, "", "md5sum none"},
    {"sftp", "sha1sum_command", kRuns, "", "sha1sum none"},
    {"sftp", "server_command", kRuns, "", ""},
    {"sftp", "ssh", kRuns, "use host, user and key_pem", ""},
    {"sftp", "key_file", kReads, "put the key itself into key_pem", ""},
    {"sftp", "pubkey_file", kReads, "", ""},
    {"sftp", "ask_password", "nobody is there to answer", "", "false"},
    {"", "*_command", kRuns, "", ""},
    {"", "*metadata_mapper", kRuns, "", ""},
    {"", "*credential_process", kRuns, "", ""},
    {"", "service_account_file", kReads, "use service_account_credentials", ""},
    {"", "service_principal_file", kReads, "use client_id and client_secret", ""},
    {"", "client_certificate_path", kReads, "", ""},
    {"", "shared_credentials_file", kReads, "use access_key_id and secret_access_key", ""},
    {"", "box_config_file", kReads, "use access_token", ""},
    {"", "config_file", kReads, "", ""},
    {"", "*_file_path", kReads, "", ""},
    {"", "env_auth", "it takes credentials from the worker's surroundings",
     "enter the credentials themselves", "false"},
    {"", "config_is_local", "nobody is there to answer", "", "false"},
    {"", "*proxy", "it sends the transfer through another machine", "", ""},
    {"cache", "*", "the cache backend keeps files of its own on the worker", "", ""},
    {"memory", "*", "what is written there is lost when the run ends", "", ""},
    {"local", "links", "it copies links that can point out of the source", "", "false"},
    {"local", "copy_links", "it follows links out of the source", "", "false"},
};

bool fits(std::string_view name, std::string_view pattern) {
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  return name == pattern;
}

bool is_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_option_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kMaxNameBytes &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Status check_refused(std::string_view type, std::string_view key, std::string_view value) {
  for (const RefusedOption& row : kRefused) {
    if (!row.type.empty() && row.type != type) continue;
    if (!fits(key, row.pattern)) continue;
    if (value.empty() || is_word(row.harmless, value)) return {};
    return fail(ErrorCode::invalid, "{} is not allowed: {}{}{}", key, row.why,
                row.instead.empty() ? "" : "; ", row.instead);
  }
  return {};
}

Status check_setting(std::string_view type, std::string_view key, std::string_view value) {
  if (!is_option_name(key))
    return fail(ErrorCode::invalid,
                "{} is not an option's name; allowed: lower-case letters, digits and '_'",
                quoted(key));
  if (key == "type") return fail(ErrorCode::invalid, "type is given beside the settings");
  if (value.size() > limits::kMaxSettingBytes)
    return fail(ErrorCode::invalid, "{} is {} bytes long; allowed: {}", key, value.size(),
                limits::kMaxSettingBytes);
  const bool control = std::ranges::any_of(
      value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control)
    return fail(ErrorCode::invalid,
                "{} holds a line break or another control character; write a key in one line, "
                "with \\n between its lines",
                key);
  if (!is_valid_utf8(value)) return fail(ErrorCode::invalid, "{} is not UTF-8 text", key);
  return check_refused(type, key, value);
}

}  // namespace

std::span<const RefusedOption> refused_rclone_options() {
  return kRefused;
}

Status check_remote_type(std::string_view type) {
  const bool good =
      !type.empty() && type.size() <= limits::kMaxNameBytes &&
      std::ranges::all_of(type, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  if (good) return {};
  return fail(ErrorCode::invalid,
              "type: {} is not an rclone backend; expected a word like s3, sftp", quoted(type));
}

Status check_remote_settings(std::string_view name, std::string_view type,
                             const RemoteSettings& settings) {
  const std::string where = fmt::format("remote {}", quoted(name));
  if (Status status = check_remote_type(type); !status) return annotate(status, where);
  if (settings.size() > limits::kMaxRemoteSettings)
    return fail(ErrorCode::invalid, "{}: {} settings; allowed: {}", where, settings.size(),
                limits::kMaxRemoteSettings);
  // A type that is refused as a whole is refused without settings too.
  if (Status status = check_refused(type, "type", type); !status) return annotate(status, where);
  for (const auto& [key, value] : settings)
    if (Status status = check_setting(type, key, value); !status) return annotate(status, where);
  return {};
}

}  // namespace dray
