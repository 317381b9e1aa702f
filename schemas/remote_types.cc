#include "schemas/remote_types.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

using enum FieldKind;

// ── S3 ──────────────────────────────────────────────────────────────────────────────────────────

constexpr RemoteField kKeyId{"access_key_id", "access_key_id", text, "id of the access key", true};
constexpr RemoteField kSecretKey{"secret_access_key", "secret_access_key", secret,
                                 "the access key's secret", true};
constexpr RemoteField kEndpoint{"endpoint", "endpoint", text,
                                "address, like https://s3.example.org", true};
constexpr RemoteField kRegion{"region", "region", text, "region; often empty"};
constexpr RemoteField kPathStyle{.name = "path_style",
                                 .option = "force_path_style",
                                 .kind = boolean,
                                 .help = "false: the bucket is part of the host name",
                                 .otherwise = "true",
                                 .asked = false};
constexpr RemoteField kVirtualStyle{.name = "path_style",
                                    .option = "force_path_style",
                                    .kind = boolean,
                                    .help = "true: the bucket is part of the path",
                                    .asked = false};
// Otherwise rclone tries to make the bucket before the first upload, which keys that may only write
// into it are refused.
constexpr RemoteField kNoCheckBucket{.name = "no_check_bucket",
                                     .option = "no_check_bucket",
                                     .kind = boolean,
                                     .help = "true: the bucket is there, do not try to make it",
                                     .otherwise = "true",
                                     .asked = false};

constexpr RemoteField kS3[] = {
    {.name = "provider",
     .option = "provider",
     .kind = text,
     .help = "Ceph, Minio, Wasabi, AWS ... or Other",
     .otherwise = "Other"},
    {.name = "endpoint",
     .option = "endpoint",
     .help = "address, like https://s3.example.org; not for AWS"},
    kRegion,
    kKeyId,
    kSecretKey,
    {.name = "path_style",
     .option = "force_path_style",
     .kind = boolean,
     .help = "false: the bucket is part of the host name",
     .asked = false},
    kNoCheckBucket,
};
constexpr RemoteField kCeph[] = {kEndpoint,
                                 kKeyId,
                                 kSecretKey,
                                 kPathStyle,
                                 kNoCheckBucket,
                                 {.name = "region",
                                  .option = "region",
                                  .help = "zone group, where the gateway asks for one",
                                  .asked = false}};
constexpr RemoteField kMinio[] = {kEndpoint,
                                  kKeyId,
                                  kSecretKey,
                                  kPathStyle,
                                  kNoCheckBucket,
                                  {.name = "region",
                                   .option = "region",
                                   .help = "as the server is configured",
                                   .otherwise = "us-east-1",
                                   .asked = false}};
constexpr RemoteField kWasabi[] = {
    {.name = "region", .option = "region", .help = "like eu-central-1", .required = true},
    kKeyId,
    kSecretKey,
    {.name = "endpoint",
     .option = "endpoint",
     .help = "default: s3.REGION.wasabisys.com",
     .asked = false},
    kVirtualStyle,
    kNoCheckBucket,
};
constexpr RemoteField kAws[] = {
    {.name = "region", .option = "region", .help = "like eu-central-1", .required = true},
    kKeyId,
    kSecretKey,
    {.name = "session_token",
     .option = "session_token",
     .kind = secret,
     .help = "of temporary credentials",
     .asked = false},
    {.name = "storage_class",
     .option = "storage_class",
     .help = "like STANDARD_IA",
     .asked = false},
    {.name = "server_side_encryption",
     .option = "server_side_encryption",
     .help = "AES256 or aws:kms",
     .asked = false},
    kVirtualStyle,
    kNoCheckBucket,
};

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────

constexpr RemoteField kHost{"host", "host", text, "name or address of the server", true};
constexpr RemoteField kUser{"user", "user", text, "who logs in", true};

constexpr RemoteField kSftp[] = {
    kHost,
    {.name = "port", .option = "port", .kind = number, .help = "default 22", .asked = false},
    kUser,
    {.name = "pass",
     .option = "pass",
     .kind = secret,
     .help = "password; empty: a key",
     .one_of = "pass, key_file or key_pem"},
    {.name = "key_file",
     .option = "key_file",
     .kind = key,
     .help = "file with the private key on this machine; its text is sealed and sent along",
     .one_of = "pass, key_file or key_pem"},
    {.name = "key_pem",
     .option = "key_pem",
     .kind = key,
     .help = "the private key itself, in one line with \\n between its lines",
     .one_of = "pass, key_file or key_pem",
     .asked = false},
    {.name = "key_file_pass",
     .option = "key_file_pass",
     .kind = secret,
     .help = "password of the private key",
     .asked = false},
    {.name = "disable_hashcheck",
     .option = "disable_hashcheck",
     .kind = boolean,
     .help = "true: the server runs no md5sum, only sizes and times can be compared",
     .asked = false},
};
constexpr RemoteField kSmb[] = {
    kHost,
    {.name = "port", .option = "port", .kind = number, .help = "default 445", .asked = false},
    kUser,
    {.name = "pass", .option = "pass", .kind = secret, .help = "password", .required = true},
    {.name = "domain", .option = "domain", .help = "domain or workgroup", .otherwise = "WORKGROUP"},
};
constexpr RemoteField kWebdav[] = {
    {.name = "url",
     .option = "url",
     .help = "like https://cloud.example.org/remote.php/dav/files/me",
     .required = true},
    {.name = "vendor",
     .option = "vendor",
     .help = "nextcloud, owncloud, sharepoint, sharepoint-ntlm or other",
     .otherwise = "other"},
    {.name = "user", .option = "user", .help = "who logs in"},
    {.name = "pass", .option = "pass", .kind = secret, .help = "password; better an app password"},
    {.name = "bearer_token",
     .option = "bearer_token",
     .kind = secret,
     .help = "instead of user and password",
     .asked = false},
};
constexpr RemoteField kFtp[] = {
    kHost,
    {.name = "port", .option = "port", .kind = number, .help = "default 21", .asked = false},
    {.name = "user", .option = "user", .help = "who logs in", .otherwise = "anonymous"},
    {.name = "pass", .option = "pass", .kind = secret, .help = "password"},
    {.name = "tls",
     .option = "",
     .help = "explicit (usual), implicit (port 990) or none: the password travels in clear",
     .allowed = "explicit implicit none",
     .otherwise = "explicit"},
};
constexpr RemoteField kLocal[] = {
    {.name = "case_insensitive",
     .option = "case_insensitive",
     .kind = boolean,
     .help = "true: the file system does not tell a from A",
     .asked = false},
};

// ── Clouds with a login ─────────────────────────────────────────────────────────────────────────

constexpr RemoteField kDrive[] = {
    {.name = "client_id",
     .option = "client_id",
     .help = "of your own Google project; rclone's is shared by everybody and slow"},
    {.name = "client_secret", .option = "client_secret", .kind = secret, .help = "belongs to it"},
    {.name = "scope",
     .option = "scope",
     .help = "drive: everything; drive.readonly is enough for a source",
     .allowed = "drive drive.readonly drive.file drive.appfolder drive.metadata.readonly",
     .otherwise = "drive"},
    {.name = "service_account_file",
     .option = "service_account_file",
     .kind = key,
     .help = "JSON key of a service account on this machine, instead of a login",
     .asked = false},
    {.name = "impersonate",
     .option = "impersonate",
     .help = "with a service account: whose files",
     .asked = false},
    {.name = "team_drive", .option = "team_drive", .help = "id of a shared drive; empty: My Drive"},
    {.name = "root_folder_id",
     .option = "root_folder_id",
     .help = "id of a folder that is seen as the top",
     .asked = false},
    {.name = "token",
     .option = "token",
     .kind = secret,
     .help = "from `rclone authorize`; later: dray remote authorize",
     .asked = false},
};
constexpr RemoteField kDropbox[] = {
    {.name = "client_id", .option = "client_id", .help = "of your own Dropbox app, or empty"},
    {.name = "client_secret", .option = "client_secret", .kind = secret, .help = "belongs to it"},
    {.name = "token",
     .option = "token",
     .kind = secret,
     .help = "from `rclone authorize`; later: dray remote authorize",
     .asked = false},
};

constexpr RemoteType kTypes[] = {
    {"s3", "s3", "S3-compatible storage", "", kS3},
    {"aws", "s3", "Amazon S3", "provider=AWS", kAws},
    {"ceph", "s3", "Ceph object gateway", "provider=Ceph", kCeph},
    {"minio", "s3", "MinIO", "provider=Minio", kMinio},
    {"wasabi", "s3", "Wasabi", "provider=Wasabi", kWasabi},
    {"sftp", "sftp", "SFTP (SSH)", "", kSftp},
    {"drive", "drive", "Google Drive", "", kDrive, "", true},
    {"dropbox", "dropbox", "Dropbox", "", kDropbox, "", true},
    {"smb", "smb", "SMB: NAS, Windows share", "", kSmb, "The path of a job begins with the share."},
    {"webdav", "webdav", "WebDAV: Nextcloud, ownCloud, SharePoint", "", kWebdav},
    {"ftp", "ftp", "FTP", "", kFtp},
    {"local", "local", "Directory of the worker", "", kLocal,
     "Only paths below worker.local_roots, which the worker's administrator lists."},
};

std::string_view value_of(const RemoteSettings& settings, std::string_view key) {
  const auto found = settings.find(std::string(key));
  return found == settings.end() ? std::string_view() : std::string_view(found->second);
}

// Under the field's name, or its option's.
std::string_view entered_value(const RemoteField& field, const RemoteSettings& entered) {
  const std::string_view named = value_of(entered, field.name);
  return named.empty() && !field.option.empty() ? value_of(entered, field.option) : named;
}

bool is_fixed(const RemoteType& type, std::string_view option) {
  return !type.fixed.empty() && type.fixed.substr(0, type.fixed.find('=')) == option;
}

bool has_one_of(const RemoteType& type, std::string_view group, const RemoteSettings& entered) {
  return std::ranges::any_of(type.fields, [&](const RemoteField& field) {
    return field.one_of == group && !entered_value(field, entered).empty();
  });
}

class Problems {
 public:
  void add(std::string_view field, std::string_view what) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : "\n", field, what);
  }
  bool none() const { return text_.empty(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void check_missing(const RemoteType& type, const RemoteSettings& entered, Problems& problems) {
  std::vector<std::string_view> told;
  for (const RemoteField& field : type.fields) {
    const bool there = !entered_value(field, entered).empty();
    if (field.required && !there)
      problems.add(field.name, fmt::format("is missing: {}", field.help));
    if (field.one_of.empty() || has_one_of(type, field.one_of, entered)) continue;
    if (std::ranges::find(told, field.one_of) != told.end()) continue;
    told.push_back(field.one_of);
    problems.add(type.name, fmt::format("{} is missing", field.one_of));
  }
  if (type.name == "s3" && value_of(entered, "provider") != "AWS" &&
      value_of(entered, "endpoint").empty())
    problems.add("endpoint", "is missing: address, like https://s3.example.org");
}

// What one field becomes of several options.
void add_derived(const RemoteType& type, RemoteSettings& settings) {
  if (type.name == "wasabi" && value_of(settings, "endpoint").empty())
    settings["endpoint"] = fmt::format("s3.{}.wasabisys.com", value_of(settings, "region"));
  if (type.backend != "ftp") return;
  const auto tls = settings.extract("tls");
  // rclone's own options count when they were entered instead.
  if (settings.contains("explicit_tls")) return;
  const std::string mode = tls ? tls.mapped() : "";
  if (mode == "true" || mode == "false") {
    settings["tls"] = mode;
  } else if (mode == "implicit") {
    settings["tls"] = "true";
  } else if (mode == "explicit") {
    settings["explicit_tls"] = "true";
  }
}

bool is_word_of(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    if (one == word) return true;
    words.remove_prefix(std::min(one.size() + 1, words.size()));
  }
  return false;
}

}  // namespace

std::span<const RemoteType> remote_types() {
  return kTypes;
}

const RemoteType* find_remote_type(std::string_view name) {
  const auto row = std::ranges::find(kTypes, name, &RemoteType::name);
  return row == std::end(kTypes) ? nullptr : row;
}

Status check_field(const RemoteField& field, std::string_view value) {
  if (value.empty()) return {};
  if (!field.allowed.empty() && !is_word_of(field.allowed, value))
    return fail(ErrorCode::invalid, "{}: must be one of: {}", field.name, field.allowed);
  if (field.kind == boolean && value != "true" && value != "false")
    return fail(ErrorCode::invalid, "{}: must be true or false", field.name);
  if (field.kind != number) return {};
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
  if (error == std::errc() && end == value.data() + value.size() && port > 0) return {};
  return fail(ErrorCode::invalid, "{}: must be a number from 1 to 65535", field.name);
}

Result<RemoteSettings> to_settings(const RemoteType& type, const RemoteSettings& entered) {
  RemoteSettings settings = entered;
  Problems problems;
  for (const RemoteField& field : type.fields) {
    std::string value(entered_value(field, entered));
    // rclone's own word where ours has other ones.
    const bool raw = type.backend == "ftp" && field.name == "tls" &&
                     (value == "true" || value == "false" || entered.contains("explicit_tls"));
    if (const Status good = check_field(field, value); !good && !raw)
      problems.add(type.name, good.error().message);
    if (value.empty()) value = field.otherwise;
    settings.erase(std::string(field.name));
    if (!value.empty())
      settings[std::string(field.option.empty() ? field.name : field.option)] = value;
  }
  check_missing(type, settings, problems);
  if (!problems.none()) return std::unexpected(Error{ErrorCode::invalid, problems.take()});
  if (const size_t sign = type.fixed.find('='); sign != std::string_view::npos)
    settings[std::string(type.fixed.substr(0, sign))] = type.fixed.substr(sign + 1);
  add_derived(type, settings);
  return settings;
}

std::vector<const RemoteField*> open_fields(const RemoteType& type, const RemoteSettings& entered) {
  std::vector<const RemoteField*> open;
  for (const RemoteField& field : type.fields) {
    if (!field.asked || is_fixed(type, field.option)) continue;
    if (!entered_value(field, entered).empty()) continue;
    if (!field.one_of.empty() && has_one_of(type, field.one_of, entered)) continue;
    open.push_back(&field);
  }
  return open;
}

}  // namespace dray
