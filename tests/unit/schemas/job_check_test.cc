#include "schemas/job_check.h"

#include "schemas/limits.h"
#include "schemas/rclone_flags.h"
#include "schemas/rclone_options.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

JobSpec good_job() {
  JobSpec job;
  job.name = "photos";
  job.source = {"gdrive", "Photos"};
  job.destination = {"s3", "backup/photos"};
  return job;
}

std::string message(const Status& status) {
  return status ? "accepted" : status.error().message;
}

TEST_CASE("A plain job is accepted") {
  CHECK(message(check_job(good_job())) == "accepted");
}

TEST_CASE("Every refusal of a job names place, problem and fix") {
  struct Row {
    void (*spoil)(JobSpec&);
    const char* error;
  };
  const Row rows[] = {
      {[](JobSpec& j) {
         j.options.flags = {"--checksum", "--fast-list", "--rc"};
       },
       "job 'photos': options.flags[2]: '--rc' is not allowed: it opens rclone's remote control"},
      {[](JobSpec& j) { j.options.transfers = 0; },
       "job 'photos': options.transfers: 0 is out of range; allowed: 1 to 256"},
      {[](JobSpec& j) { j.options.stall_seconds = 59; },
       "job 'photos': options.stall_seconds: 59 is out of range; allowed: 60 to 86400, or 0 "
       "(never)"},
      {[](JobSpec& j) { j.max_concurrent = 2; },
       "job 'photos': max_concurrent: more than 1 needs overlap = allow"},
      {[](JobSpec& j) {
         j.destination = {"gdrive", "Photos/2024/"};
       },
       "job 'photos': destination: is the same as the source or inside it, or has the source "
       "inside it; choose another directory or remote"},
      {[](JobSpec& j) { j.source.path = "a/../b"; },
       "job 'photos': source: the path 'a/../b' holds '..'; name the directory itself"},
      {[](JobSpec& j) { j.source.path = "a\nb"; },
       "job 'photos': source: the path 'a\\nb' holds a control character; paths of jobs cannot "
       "hold "
       "one"},
      {[](JobSpec& j) { j.options.filters = {"*.tmp"}; },
       "job 'photos': options.filters[0]: '*.tmp' is not a filter rule; write \"- GLOB\" to leave "
       "out, \"+ GLOB\" to take, \"!\" to forget the rules above"},
      {[](JobSpec& j) { j.retry.backoff_max_seconds = 5; },
       "job 'photos': retry.backoff_max_seconds: 5 is less than backoff_seconds, which is 30"},
      {[](JobSpec& j) { j.bandwidth_kbps = UINT64_MAX; },
       "job 'photos': bandwidth_kbps: 9223372036854775807 is out of range; allowed: 1 to "
       "1000000000, or 0 (no cap)"},
  };
  for (const Row& row : rows) {
    JobSpec job = good_job();
    row.spoil(job);
    CHECK(message(check_job(job)) == row.error);
  }
}

TEST_CASE("All problems of a job come at once, one per line") {
  JobSpec job = good_job();
  job.priority = 101;
  job.options.checkers = 0;
  job.client = "-x";
  const std::string text = message(check_job(job));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("Names that are more than a word are refused") {
  for (const char* good : {"a", "A1", "my-job_2.0", "9"})
    CHECK(check_name("job", good));
  const std::string longest(limits::kMaxNameBytes, 'x');
  CHECK(check_name("job", longest));
  CHECK_FALSE(check_name("job", longest + "x"));
  for (const char* bad : {"", "-rf", ".", "..", "a b", "a:b", "a/b", "a\nb", "_x", "\xc3\xa9"})
    CHECK_FALSE(check_name("job", bad));
}

TEST_CASE("Paths may hold what cloud keys hold") {
  for (const char* good : {"", "a b/c'd\"e", "-rf", ":webdav,bearer_token_command=x:", "\xff\xfe",
                           "...", "a..b", "/abs/"})
    CHECK(check_path(good));
  for (const char* bad : {"..", "../a", "a/..", "a\rb", "\x7f"})
    CHECK_FALSE(check_path(bad));
  CHECK_FALSE(check_path(std::string_view("a\0b", 3)));
  CHECK_FALSE(check_path(std::string(limits::kMaxPathBytes + 1, 'a')));
}

TEST_CASE("Two places overlap when one holds the other") {
  struct Row {
    Endpoint a;
    Endpoint b;
    bool overlap;
  };
  const Row rows[] = {
      {{"r", "x"}, {"r", "x"}, true},      {{"r", "x/"}, {"r", "/x"}, true},
      {{"r", "x"}, {"r", "x/y"}, true},    {{"r", ""}, {"r", "x"}, true},
      {{"r", "x"}, {"r", "xy"}, false},    {{"r", "x"}, {"q", "x"}, false},
      {{"r", "x//y"}, {"r", "x/y"}, true}, {{"r", "x/./y"}, {"r", "x/y"}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a.path, row.b.path);
    CHECK(paths_overlap(row.a, row.b) == row.overlap);
    CHECK(paths_overlap(row.b, row.a) == row.overlap);
  }
}

TEST_CASE("Flags of the list are accepted with the right kind of value only") {
  for (const char* good :
       {"--checksum", "--max-age=7d", "--max-age=1h30m", "--min-size=10M", "--max-size=1.5Gi",
        "--tpslimit=2.5", "--s3-chunk-size=64M", "--order-by=size,desc", "--cutoff-mode=SOFT",
        "--drive-use-trash=false", "--max-transfer=off"})
    CHECK(message(check_rclone_flag(good)) == "accepted");
  for (const char* bad :
       {"--max-age", "--max-age=", "--max-age=x", "--checksum=maybe", "--tpslimit=--rc",
        "--order-by=size;desc", "--cutoff-mode=", "--max-depth=-1", "--max-depth=99999999"})
    CHECK_FALSE(check_rclone_flag(bad));
}

TEST_CASE("Dangerous flags are refused in every spelling") {
  const std::string further[] = {"--rc", "--config", "--my-flag", "--password-command"};
  for (const char* bad : {"--rc",
                          "--rc=true",
                          "--rc-addr=:5572",
                          "--rc-no-auth",
                          "--config=/tmp/x",
                          "--config /tmp/x",
                          "--password-command=touch",
                          "--metadata-mapper=x",
                          "--log-file=/etc/x",
                          "--dump=auth",
                          "--dump-headers",
                          "--links",
                          "-l",
                          "-vv",
                          "-v",
                          "--verbose=2",
                          "--cache-dir=/x",
                          "--conf",
                          "--CONFIG=/x",
                          " --rc",
                          "--rc\n",
                          "--checksum\n--rc",
                          "--",
                          "-",
                          "",
                          "checksum",
                          "--sftp-ssh=sh",
                          "--sftp-md5sum-command=x",
                          "--files-from=/etc/shadow",
                          "--bwlimit=1M",
                          "--webdav-bearer-token-command=x",
                          "--backup-dir=x:y",
                          "--ca-cert=/x"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_rclone_flag(bad));
    CHECK_FALSE(check_rclone_flag(bad, further));
  }
  CHECK(check_rclone_flag("--my-flag=a", further));
  CHECK_FALSE(check_rclone_flag("--my-flag=a"));
}

TEST_CASE("No flag is both allowed and refused") {
  for (const RcloneFlag& row : allowed_rclone_flags()) {
    CHECK(row.name.starts_with("--"));
    for (const RefusedFlag& refused : refused_rclone_flags())
      CHECK(row.name != refused.name);
  }
}

TEST_CASE("Settings that run programs or read the worker's files are refused") {
  struct Row {
    const char* type;
    const char* key;
    const char* value;
    bool allowed;
  };
  const Row rows[] = {
      {"s3", "access_key_id", "AKIA", true},
      {"sftp", "ssh", "sh -c x", false},
      {"sftp", "md5sum_command", "md5sum", true},
      {"sftp", "md5sum_command", "md5sum; id", false},
      {"sftp", "server_command", "sh", false},
      {"webdav", "bearer_token_command", "touch x", false},
      {"webdav", "bearer_token_command", "", true},
      {"sftp", "key_file", "/etc/shadow", false},
      {"drive", "service_account_file", "/x", false},
      {"drive", "service_account_credentials", "{\"a\":1}", true},
      {"s3", "env_auth", "true", false},
      {"s3", "env_auth", "false", true},
      {"sftp", "http_proxy", "x", false},
      {"s3", "region", "a\ntype = local", false},
      {"s3", "region", "a\rb", false},
      {"s3", "Region", "a", false},
      {"s3", "re gion", "a", false},
      {"s3", "", "a", false},
      {"s3", "type", "local", false},
      {"S3", "region", "a", false},
      {"cache", "remote", "a:", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type, row.key, row.value);
    CHECK(check_remote_settings("nas", row.type, {{row.key, row.value}}).has_value() ==
          row.allowed);
  }
  CHECK(message(check_remote_settings("nas", "sftp", {{"ssh", "hunter2"}})) ==
        "remote 'nas': ssh is not allowed: it runs a program on the worker; use host, user and "
        "key_pem");
  CHECK_FALSE(check_remote_settings("nas", "cache", {}));
}

TEST_CASE("A client's numbers are bounded") {
  ClientSpec client;
  client.name = "acme";
  CHECK(check_client(client));
  client.weight = 0;
  CHECK(message(check_client(client)) ==
        "client 'acme': weight: 0 is out of range; allowed: 1 to 1000");
}

TEST_CASE("A sealed remote is checked outside its seal") {
  SealedRemote remote{"nas", "default", "crypt", 1, {"s3"}, 0, "\x01sealed", "a1b2-c3d4"};
  CHECK(message(check_remote(remote)) == "accepted");
  remote.refers_to = {"nas"};
  CHECK(message(check_remote(remote)) ==
        "remote 'nas': refers_to: the remote cannot refer to itself");
  remote.refers_to.clear();
  remote.sealed.clear();
  CHECK_FALSE(check_remote(remote));
}

TEST_CASE("Reasons are one line of text") {
  CHECK(check_reason(""));
  CHECK(check_reason("disk swap, back at 9 \u2013 ok"));
  CHECK_FALSE(check_reason("a\nb"));
  CHECK_FALSE(check_reason("\xff"));
  CHECK_FALSE(check_reason(std::string(limits::kMaxReasonBytes + 1, 'a')));
}

}  // namespace
}  // namespace dray
