#include "schemas/rclone_options.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray {
namespace {

constexpr std::string_view kRuns = "it runs a program on the worker";
constexpr std::string_view kReads = "it reads a file of the worker";
constexpr std::string_view kIdentity = "it uses the worker's own identity";
constexpr std::string_view kNobody = "nobody is there to answer";

constexpr RefusedOption kRefused[] = {
    // rclone stores these two itself at the first use of an sftp remote.
    {"sftp", "md5sum_command", kRuns, "", "md5sum none"},
    {"sftp", "sha1sum_command", kRuns, "", "sha1sum none"},
    {"sftp", "ssh", kRuns, "use host, user and key_pem", ""},
    {"sftp", "key_file", kReads, "put the key itself into key_pem", ""},
    {"sftp", "known_hosts_file", kReads, "pin the server's key with --accept-host-key", ""},
    {"sftp", "key_use_agent", kIdentity, "put the key itself into key_pem", "false"},
    {"sftp", "ask_password", kNobody, "", "false"},
    {"", "*_command", kRuns, "", ""},
    {"", "*command_line*", kRuns, "", ""},
    {"", "*metadata_mapper", kRuns, "", ""},
    {"", "*credential_process", kRuns, "", ""},
    {"", "*_helper", kRuns, "", ""},
    {"", "service_account_file", kReads, "use service_account_credentials", ""},
    {"", "service_principal_file", kReads, "use client_id and client_secret", ""},
    {"", "shared_credentials_file", kReads, "use access_key_id and secret_access_key", ""},
    {"", "box_config_file", kReads, "use access_token", ""},
    {"", "*_file", kReads, "", ""},
    {"", "*_file_path", kReads, "", ""},
    {"", "*_path", kReads, "", ""},
    {"", "*_dir", kReads, "", ""},
    {"", "*_socket", "it talks to a program of the worker", "", ""},
    {"", "*kerberos*", kIdentity, "", "false"},
    {"", "*ccache*", kIdentity, "", ""},
    {"hdfs", "service_principal_name", kIdentity, "", ""},
    {"", "env_auth", "it takes credentials from the worker's surroundings",
     "enter the credentials themselves", "false"},
    {"", "profile", kReads, "enter the credentials themselves", ""},
    {"", "use_msi", kIdentity, "", "false"},
    {"", "use_az", kIdentity, "", "false"},
    {"", "config_is_local", kNobody, "", "false"},
    {"", "sdk_log_mode", "it writes credentials into the log", "", ""},
    {"", "*proxy", "it sends the transfer through another machine", "", ""},
    {"cache", "*", "the cache backend keeps files of its own on the worker", "", ""},
    {"memory", "*", "what is written there is lost when the run ends", "", ""},
    {"oracleobjectstorage", "*", "its credentials are files or the identity of the worker",
     "use the S3 compatible address of that store with type s3", ""},
    {"local", "links", "it copies links that can point out of the source", "", "false"},
    {"local", "copy_links", "it follows links out of the source", "", "false"},
};

// What rclone keeps in its configuration without describing it as an option.
struct Undescribed {
  std::string_view type;  // "": all
  std::string_view key;
};
constexpr Undescribed kUndescribed[] = {
    {"", "token"},
    {"", "description"},
    {"jottacloud", "configVersion"},
    {"jottacloud", "tokenURL"},
    {"jottacloud", "client_id"},
    {"jottacloud", "client_secret"},
    {"jottacloud", "device"},
    {"jottacloud", "mountpoint"},
};

constexpr std::string_view kLogins[] = {
    "token",      "token_expiry",           "auth_token",
    "session_id", "client_access_token",    "client_refresh_token",
    "client_uid", "client_salted_key_pass", "trust_token",
    "cookies",
};

// Parts of names of settings that hold secrets, and whole names that only look like it.
constexpr std::string_view kSecretParts[] = {"pass", "secret",      "token",   "key",
                                             "pem",  "credentials", "sas_url", "cookie"};
constexpr std::string_view kPublicNames[] = {
    "access_key_id", "token_url",           "key_file",
    "key_use_agent", "sse_kms_key_id",      "sse_customer_key_md5",
    "pass_command",  "encryption_key_file", "host_key_algorithms",
    kHostKeysSetting};

// Where a remote is: whoever may change it could have the credentials sent to himself.
constexpr std::string_view kAddresses[] = {
    "host",      "endpoint", "url",          "auth",         "auth_url",
    "token_url", "api_url",  "storage_url",  "sas_url",      "download_url",
    "namenode",  "port",     "msi_endpoint", "sts_endpoint", "tokenURL"};

bool fits(std::string_view name, std::string_view pattern) {
  const bool any_start = pattern.starts_with('*');
  if (any_start) pattern.remove_prefix(1);
  const bool any_end = pattern.ends_with('*');
  if (any_end) pattern.remove_suffix(1);
  if (any_start && any_end) return name.contains(pattern);
  if (any_start) return name.ends_with(pattern);
  if (any_end) return name.starts_with(pattern);
  return name == pattern;
}

const RefusedOption* refused_row(std::string_view type, std::string_view key) {
  for (const RefusedOption& row : kRefused)
    if ((row.type.empty() || row.type == type) && fits(key, row.pattern)) return &row;
  return nullptr;
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

bool is_undescribed(std::string_view type, std::string_view key) {
  return std::ranges::any_of(kUndescribed, [&](const Undescribed& row) {
    return (row.type.empty() || row.type == type) && row.key == key;
  });
}

Status check_refused(std::string_view type, std::string_view key, std::string_view value) {
  const RefusedOption* row = refused_row(type, key);
  if (row == nullptr || value.empty() || is_word(row->harmless, value)) return {};
  return fail(ErrorCode::invalid, "{} is not allowed: {}{}{}", key, row->why,
              row->instead.empty() ? "" : "; ", row->instead);
}

Status check_described(const RcloneBackend& backend, std::string_view type, std::string_view key) {
  if (key == kHostKeysSetting && type == "sftp") return {};
  if (std::ranges::find(backend.options, key, &BackendOption::name) != backend.options.end())
    return {};
  if (is_undescribed(type, key)) return {};
  std::vector<std::string_view> names;
  for (const BackendOption& option : backend.options)
    if (option.refused.empty()) names.push_back(option.name);
  const std::string_view near = closest_match(key, names);
  return fail(ErrorCode::invalid, "{} is not an option of {} remotes{}{}{}", key, type,
              near.empty() ? "" : "; did you mean ", near, near.empty() ? "" : "?");
}

Status check_setting(std::string_view type, std::string_view key, std::string_view value) {
  if (!is_option_name(key) && !is_undescribed(type, key))
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

std::string why_refused(std::string_view type, std::string_view key) {
  const RefusedOption* row = refused_row(type, key);
  return row == nullptr ? std::string() : std::string(row->why);
}

bool looks_secret(std::string_view setting) {
  if (std::ranges::find(kPublicNames, setting) != std::end(kPublicNames)) return false;
  return std::ranges::any_of(kSecretParts, [&](std::string_view part) {
    return setting.find(part) != std::string_view::npos;
  });
}

bool is_address_setting(std::string_view setting) {
  return std::ranges::find(kAddresses, setting) != std::end(kAddresses);
}

std::span<const std::string_view> login_settings() {
  return kLogins;
}

bool holds_login(const RemoteSettings& settings) {
  return std::ranges::any_of(kLogins, [&](std::string_view key) {
    const auto setting = settings.find(std::string(key));
    return setting != settings.end() && !setting->second.empty();
  });
}

Status check_remote_type(std::string_view type) {
  const bool good =
      !type.empty() && type.size() <= limits::kMaxNameBytes && !type.starts_with(' ') &&
      !type.ends_with(' ') && !type.contains("  ") && std::ranges::all_of(type, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ' ';
      });
  if (good) return {};
  return fail(ErrorCode::invalid,
              "type: {} is not an rclone backend; expected a word like s3, sftp", quoted(type));
}

Status check_remote_settings(std::string_view name, std::string_view type,
                             const RemoteSettings& settings, const RcloneBackends* backends) {
  const std::string where = fmt::format("remote {}", quoted(name));
  if (Status status = check_remote_type(type); !status) return annotate(status, where);
  if (settings.size() > limits::kMaxRemoteSettings)
    return fail(ErrorCode::invalid, "{}: {} settings; allowed: {}", where, settings.size(),
                limits::kMaxRemoteSettings);
  // A type that is refused as a whole is refused without settings too.
  if (Status status = check_refused(type, "type", type); !status) return annotate(status, where);
  const RcloneBackend* backend = backends == nullptr ? nullptr : backends->find(type);
  if (backends != nullptr && backend == nullptr)
    return fail(ErrorCode::invalid, "{}: type: the worker's rclone has no backend {}", where,
                quoted(type));
  for (const auto& [key, value] : settings) {
    Status status = check_setting(type, key, value);
    if (status && backend != nullptr) status = check_described(*backend, type, key);
    if (!status) return annotate(status, where);
  }
  return {};
}

}  // namespace dray
