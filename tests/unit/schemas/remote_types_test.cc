#include "schemas/remote_types.h"

#include <set>

#include "schemas/rclone_options.h"
#include "schemas/ssh_host_keys.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

std::string problem(const std::string& type, const RemoteSettings& entered) {
  const auto settings = to_settings(*find_remote_type(type), entered);
  return settings ? "" : settings.error().message;
}

TEST_CASE("every type has a name of its own, and no field that may not be set") {
  std::set<std::string_view> names;
  for (const RemoteType& type : remote_types()) {
    CHECK(names.insert(type.name).second);
    for (const RemoteField& field : type.fields) {
      INFO(type.name << " " << field.name);
      CHECK_FALSE(field.help.empty());
      // Files are read where the remote is made and never reach the worker.
      if (field.kind != FieldKind::key && !field.option.empty())
        CHECK(why_refused(type.backend, field.option).empty());
      CHECK(check_field(field, field.otherwise));
    }
  }
}

TEST_CASE("entered values become rclone's options, with defaults") {
  struct Row {
    const char* type;
    RemoteSettings entered;
    RemoteSettings settings;
  };
  const RemoteSettings keys{{"access_key_id", "AK"}, {"secret_access_key", "SK"}};
  const auto with = [](RemoteSettings base, const RemoteSettings& more) {
    base.insert(more.begin(), more.end());
    return base;
  };
  const Row rows[] = {
      {"ceph", with(keys, {{"endpoint", "https://s3.example.org"}}),
       with(keys, {{"endpoint", "https://s3.example.org"},
                   {"provider", "Ceph"},
                   {"force_path_style", "true"},
                   {"no_check_bucket", "true"}})},
      {"wasabi", with(keys, {{"region", "eu-central-1"}}),
       with(keys, {{"region", "eu-central-1"},
                   {"provider", "Wasabi"},
                   {"endpoint", "s3.eu-central-1.wasabisys.com"},
                   {"no_check_bucket", "true"}})},
      {"minio", with(keys, {{"endpoint", "http://m:9000"}, {"path_style", "false"}}),
       with(keys, {{"endpoint", "http://m:9000"},
                   {"provider", "Minio"},
                   {"region", "us-east-1"},
                   {"force_path_style", "false"},
                   {"no_check_bucket", "true"}})},
      {"s3", with(keys, {{"provider", "AWS"}, {"region", "eu-central-1"}}),
       with(keys, {{"provider", "AWS"}, {"region", "eu-central-1"}, {"no_check_bucket", "true"}})},
      {"ftp", {{"host", "h"}, {"tls", "none"}}, {{"host", "h"}, {"user", "anonymous"}}},
      {"ftp", {{"host", "h"}}, {{"host", "h"}, {"user", "anonymous"}, {"explicit_tls", "true"}}},
      {"ftp",
       {{"host", "h"}, {"tls", "implicit"}},
       {{"host", "h"}, {"user", "anonymous"}, {"tls", "true"}}},
      {"ftp",
       {{"host", "h"}, {"explicit_tls", "false"}},
       {{"host", "h"}, {"user", "anonymous"}, {"explicit_tls", "false"}}},
      {"sftp",
       {{"host", "h"}, {"user", "u"}, {"pass", "p"}, {"shell_type", "unix"}},
       {{"host", "h"}, {"user", "u"}, {"pass", "p"}, {"shell_type", "unix"}}},
      {"drive", {}, {{"scope", "drive"}}},
      {"local", {}, {}},
  };
  for (const Row& row : rows) {
    INFO(row.type);
    const auto settings = to_settings(*find_remote_type(row.type), row.entered);
    REQUIRE(settings);
    CHECK(*settings == row.settings);
  }
}

TEST_CASE("what is missing or wrong is said field by field, never with the value") {
  CHECK(problem("sftp", {{"host", "h"}, {"port", "0x"}}) ==
        "sftp: port: must be a number from 1 to 65535\n"
        "user: is missing: who logs in\n"
        "sftp: pass, key_file or key_pem is missing");
  CHECK(problem("s3", {{"access_key_id", "a"}, {"secret_access_key", "b"}}) ==
        "endpoint: is missing: address, like https://s3.example.org");
  CHECK(problem("ftp", {{"host", "h"}, {"tls", "maybe"}}) ==
        "ftp: tls: must be one of: explicit implicit none");
  CHECK(problem("aws", {{"region", "r"}, {"access_key_id", "hunter2"}}).find("hunter2") ==
        std::string::npos);
}

TEST_CASE("a person is asked only what the type needs and what is not there yet") {
  const auto names = [](const char* type, const RemoteSettings& entered) {
    std::string all;
    for (const RemoteField* field : open_fields(*find_remote_type(type), entered))
      all += std::string(field->name) + " ";
    return all;
  };
  CHECK(names("sftp", {}) == "host user pass key_file ");
  CHECK(names("sftp", {{"host", "h"}, {"user", "u"}, {"key_pem", "k"}}).empty());
  CHECK(names("aws", {{"region", "r"}}) == "access_key_id secret_access_key ");
  CHECK(names("local", {}).empty());
}

// ── Host keys ───────────────────────────────────────────────────────────────────────────────────

// Made with ssh-keygen; the fingerprint is what `ssh-keygen -l` prints.
constexpr std::string_view kEd25519 =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN9lnzP2bNvgZ5IWdsHSWhgvzuqbXAa0DwgpiAykx42A";

TEST_CASE("host keys are read with and without a host before them") {
  const auto plain = parse_host_key(kEd25519);
  const auto scanned = parse_host_key("[nas]:2222 " + std::string(kEd25519) + " comment");
  REQUIRE(plain);
  REQUIRE(scanned);
  CHECK(*plain == *scanned);
  CHECK(host_key_fingerprint(*plain).starts_with("SHA256:"));
  CHECK(host_key_fingerprint(*plain).size() == 50);
  for (const char* bad :
       {"", "# nas:22 SSH-2.0-x", "ssh-ed25519", "ssh-ed25519 !!!",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIN9lnzP2bNvgZ5IWdsHSWhgvzuqbXAa0DwgpiAykx42A"})
    CHECK_FALSE(parse_host_key(bad));
}

TEST_CASE("pinned keys become lines of known_hosts for that server alone") {
  const std::string two = fmt::format("{}, {}", kEd25519, kEd25519);
  struct Row {
    const char* host;
    const char* port;
    const char* place;  // "": refused
  };
  const Row rows[] = {
      {"nas.example.org", "", "nas.example.org"},
      {"nas", "22", "nas"},
      {"nas", "2222", "[nas]:2222"},
      {"::1", "22", "[::1]:22"},
      {"*", "22", ""},
      {"-oProxyCommand=x", "22", ""},
      {"nas\nother", "22", ""},
      {"nas", "22x", ""},
      {"", "22", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host, row.port);
    const auto text = known_hosts_text(row.host, row.port, two);
    REQUIRE(text.has_value() == !std::string_view(row.place).empty());
    if (text) CHECK(*text == fmt::format("{0} {1}\n{0} {1}\n", row.place, kEd25519));
  }
}

}  // namespace
}  // namespace dray
