#include "workers/rclone_backends.h"

#include <algorithm>

#include "schemas/rclone_options.h"
#include "tests/support/catch.h"

namespace dray::worker {
namespace {

constexpr std::string_view kProviders = R"([
  {"Name":"sftp","Prefix":"sftp","Description":"SSH/SFTP","Options":[
    {"Name":"host","Help":"SSH host.\nmore","Required":true,"Type":"string","DefaultStr":""},
    {"Name":"pass","IsPassword":true,"Type":"string"},
    {"Name":"key_file","Type":"string"},
    {"Name":"ssh","Type":"SpaceSepList","Advanced":true},
    {"Name":"shiny_new_command","Type":"string"},
    {"Name":"port","Type":"int","DefaultStr":"22",
     "Examples":[{"Value":"22","Help":"usual"}]}]},
  {"Name":"google cloud storage","Prefix":"gcs","Options":[
    {"Name":"object_acl","Type":"string"},{"Name":"client_secret","Sensitive":true}],
   "Aliases":["googlestorage"],"Unknown":{"x":[1]}},
  {"Name":"cache","Options":[{"Name":"remote","Type":"string"}]}
])";

const BackendOption& option(const RcloneBackend& backend, std::string_view name) {
  const auto found = std::ranges::find(backend.options, name, &BackendOption::name);
  REQUIRE(found != backend.options.end());
  return *found;
}

TEST_CASE("rclone's own list of backends is read with what may not be set") {
  const auto backends = parse_backends(kProviders);
  REQUIRE(backends);
  const RcloneBackend* sftp = backends->find("sftp");
  REQUIRE(sftp != nullptr);
  CHECK(option(*sftp, "host").required);
  CHECK(option(*sftp, "pass").password);
  CHECK(option(*sftp, "pass").secret);
  CHECK(option(*sftp, "port").default_value == "22");
  CHECK(option(*sftp, "port").examples.at(0).help == "usual");
  CHECK(option(*sftp, "host").refused.empty());
  for (const char* name : {"key_file", "ssh", "shiny_new_command"})
    CHECK_FALSE(option(*sftp, name).refused.empty());
  for (const char* name : {"google cloud storage", "gcs", "googlecloudstorage", "googlestorage"})
    CHECK(backends->find(name) != nullptr);
  CHECK(option(*backends->find("gcs"), "client_secret").secret);
  CHECK_FALSE(backends->find("cache")->refused.empty());
  CHECK(backends->find("nosuch") == nullptr);
}

TEST_CASE("a remote may hold what rclone describes for its backend, less what reaches the worker") {
  const auto backends = parse_backends(kProviders);
  REQUIRE(backends);
  struct Row {
    const char* type;
    RemoteSettings settings;
    const char* refusal;  // part of it; "": allowed
  };
  const Row rows[] = {
      {"sftp", {{"host", "nas"}, {"port", "22"}}, ""},
      {"sftp", {{"dray_host_keys", "ssh-ed25519 AAAA"}}, ""},
      {"sftp", {{"hots", "nas"}}, "hots is not an option of sftp remotes; did you mean host?"},
      {"sftp", {{"shiny_new_command", "id"}}, "it runs a program on the worker"},
      {"sftp", {{"key_file", "/etc/shadow"}}, "it reads a file of the worker"},
      {"gcs", {{"token", "{}"}}, ""},
      {"gcs", {{"dray_host_keys", "x"}}, "is not an option"},
      {"s3", {}, "the worker's rclone has no backend 's3'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type, row.refusal);
    const Status status = check_remote_settings("nas", row.type, row.settings, &*backends);
    const bool allowed = std::string_view(row.refusal).empty();
    CHECK(status.has_value() == allowed);
    if (!status) CHECK_THAT(status.error().message, Catch::Matchers::Contains(row.refusal));
  }
}

TEST_CASE("what is no list of backends is refused") {
  for (const std::string_view text : {"", "{}", "[]", "[1]", "[{\"Name\":\"\"}]", "[{"})
    CHECK_FALSE(parse_backends(text));
}

}  // namespace
}  // namespace dray::worker
