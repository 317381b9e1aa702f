#include "workers/exit_judge.h"

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "workers/error_table.h"
#include "workers/explain.h"

namespace dray {
namespace {

std::string record(const std::string& level, const std::string& message,
                   const std::string& object = {}) {
  nlohmann::json json{{"level", level}, {"msg", message}, {"time", "2026-11-20T07:00:01.5Z"}};
  if (!object.empty()) {
    json["object"] = object;
    json["objectType"] = "*local.Object";
  }
  return json.dump() + "\n";
}

std::string stats(nlohmann::json counters) {
  return nlohmann::json{{"level", "notice"}, {"msg", "\nTransferred:"}, {"stats", counters}}
             .dump() +
         "\n";
}

Judgement judge_log(const std::string& log, const ExitFacts& facts) {
  LogExplainer explainer;
  explainer.feed(log);
  return explainer.finish(facts);
}

struct TextCase {
  std::string text;
  ErrorClass error_class;
  bool retry;
};

TEST_CASE("the text of the last error gives class and retry") {
  using enum ErrorClass;
  const TextCase cases[] = {
      {"NewFs: couldn't connect SSH: ssh: handshake failed: knownhosts: key mismatch", auth, false},
      {"x509: certificate has expired or is not yet valid: current time 2019-01-01", config, false},
      {"Get \"https://h\": net/http: TLS handshake timeout", network, true},
      {"read tcp 1.2.3.4:5->6.7.8.9:443: read: connection reset by peer", network, true},
      {"dial tcp: lookup h on 127.0.0.53:53: server misbehaving", network, true},
      {"couldn't fetch token: Post \"https://o/token\": dial tcp: lookup o: no such host", network,
       true},
      {"couldn't fetch token - maybe it has expired? - refresh: invalid_grant", auth, false},
      {"RequestTimeTooSkewed: The difference is too large.\n\tstatus code: 403, request id: 1",
       config, false},
      {"SlowDown: Please reduce your request rate.\n\tstatus code: 503, request id: 2", quota,
       true},
      {"googleapi: Error 403: User Rate Limit Exceeded., userRateLimitExceeded", quota, true},
      {"googleapi: Error 429: Quota exceeded", quota, true},
      {"HTTP error 429 (429 Too Many Requests) returned body: \"\"", quota, true},
      {"googleapi: Error 403: The user's storage quota has been exceeded., storageQuotaExceeded",
       storage_full, false},
      {"path/insufficient_space/...", storage_full, false},
      {"write /d/x: disk quota exceeded", storage_full, false},
      {"550 file: 530 Login incorrect.", auth, false},
      {"530 Login incorrect.", auth, false},
      {"couldn't connect SMB: response error: The attempted logon is invalid.", auth, false},
      {"AccessDenied: Access Denied\n\tstatus code: 403, request id: 3", permission, false},
      {"Forbidden: Forbidden\n\tstatus code: 403, request id: 3", permission, false},
      {"sftp: \"Permission denied\" (SSH_FX_PERMISSION_DENIED)", permission, false},
      {"sftp: \"Failure\" (SSH_FX_FAILURE)", unknown, true},
      {"NoSuchBucket: The specified bucket does not exist\n\tstatus code: 404", not_found, false},
      {"InternalError: We encountered an internal error\n\tstatus code: 500", network, true},
      {"open /x: too many open files", resources, true},
      {"failed to authenticate decrypted block - bad password?", integrity, false},
      {"operation error S3: HeadObject, https response error StatusCode: 301, api error "
       "PermanentRedirect: x",
       config, false},
      {"failed to make dir: mkdir /mnt/usb: read-only file system", permission, false},
      {"the frobnicator is jammed", unknown, true},
      {"with 530 errors and 404 files", unknown, true},
  };
  for (const TextCase& row : cases) {
    INFO(row.text);
    for (const char* level : {"warning", "notice"}) {
      const Judgement j = judge_log(record(level, "Failed to sync: " + row.text), {.exit_code = 1});
      CHECK(to_string(j.error_class) == to_string(row.error_class));
      CHECK(j.retry == row.retry);
      CHECK(j.outcome == Outcome::failed);
      CHECK_FALSE(j.hint.empty());
      CHECK_FALSE(j.deciding_line.empty());
    }
    const Judgement plain =
        judge_log("2026/11/20 05:55:31 Failed to sync: " + row.text, {.exit_code = 1});
    CHECK(to_string(plain.error_class) == to_string(row.error_class));
  }
}

struct EndCase {
  ExitFacts facts;
  Outcome outcome;
  ErrorClass error_class;
  bool retry;
};

TEST_CASE("signals mean cancelled when we sent them and killed when we did not") {
  using enum ErrorClass;
  const EndCase cases[] = {
      {{.signal = SIGTERM, .stop = StopReason::requested}, Outcome::cancelled, none, false},
      {{.exit_code = 143, .stop = StopReason::requested}, Outcome::cancelled, none, false},
      {{.exit_code = 130, .stop = StopReason::requested}, Outcome::cancelled, none, false},
      {{.exit_code = 137, .stop = StopReason::requested}, Outcome::cancelled, none, false},
      {{.signal = SIGTERM}, Outcome::killed, unknown, true},
      {{.exit_code = 143}, Outcome::killed, unknown, true},
      {{.exit_code = 130}, Outcome::killed, unknown, true},
      {{.signal = SIGKILL}, Outcome::killed, resources, true},
      {{.exit_code = 137}, Outcome::killed, resources, true},
      {{.signal = SIGSEGV}, Outcome::killed, crash, true},
      {{.signal = 40}, Outcome::killed, unknown, true},
      {{.signal = SIGKILL, .stop = StopReason::stall}, Outcome::failed, network, true},
      {{.exit_code = 2, .stop = StopReason::stall}, Outcome::failed, network, true},
      {{.signal = SIGTERM, .stop = StopReason::lease}, Outcome::failed, network, true},
      {{.signal = SIGTERM, .stop = StopReason::time_limit}, Outcome::failed, limit, false},
  };
  const std::string log = stats({{"bytes", 5}, {"totalBytes", 9}, {"totalTransfers", 1}});
  for (const EndCase& row : cases) {
    INFO(row.facts.exit_code << " " << row.facts.signal << " " << to_string(row.facts.stop));
    const Judgement j = judge_log(log, row.facts);
    CHECK(to_string(j.outcome) == to_string(row.outcome));
    CHECK(to_string(j.error_class) == to_string(row.error_class));
    CHECK(j.retry == row.retry);
    CHECK(j.bytes == 5);
  }
}

TEST_CASE("a requested stop does not hide how the run ended by itself") {
  const ExitFacts facts{.exit_code = 1, .stop = StopReason::requested};
  CHECK(judge_log(record("notice", "Failed to sync: 401 Unauthorized"), facts).error_class ==
        ErrorClass::auth);
  CHECK(judge_log(record("notice", "Failed to sync: context canceled"), facts).outcome ==
        Outcome::cancelled);
  const std::string complete =
      stats({{"bytes", 5}, {"totalBytes", 5}, {"transfers", 1}, {"totalTransfers", 1}});
  CHECK(judge_log(complete, {.stop = StopReason::requested}).outcome == Outcome::succeeded);
  const std::string cut = stats({{"bytes", 5}, {"totalBytes", 9}, {"totalTransfers", 1}});
  CHECK(judge_log(cut, {.stop = StopReason::requested}).outcome == Outcome::cancelled);
  CHECK(judge_log(cut, {}).outcome == Outcome::failed);
  CHECK(judge_log(cut, {}).retry);
}

TEST_CASE("exit codes 1 and 2 swap their meaning with 1.69") {
  using enum ErrorClass;
  const auto with = [](int code, const char* version) {
    return judge_log("", {.exit_code = code, .version = parse_rclone_version(version)});
  };
  CHECK(with(2, "v1.69.0").error_class == usage);
  CHECK_FALSE(with(2, "v1.70.0-beta.1234.abcdef").retry);
  CHECK(with(2, "1.68.2").error_class == unknown);
  CHECK(with(1, "1.72.0").error_class == unknown);
  CHECK(with(1, "1.72.0").retry);
  const std::string trace = "panic: x\n\ngoroutine 1 [running]:\n";
  CHECK(judge_log(trace, {.exit_code = 2, .version = parse_rclone_version("1.72.0")}).error_class ==
        crash);
  CHECK(judge_log(record("critical", "odd"), {.exit_code = 2}).error_class == unknown);
}

TEST_CASE("each exit code has a class when no text tells one") {
  using enum ErrorClass;
  const EndCase cases[] = {
      {{.exit_code = 1}, Outcome::failed, unknown, true},
      {{.exit_code = 3}, Outcome::failed, not_found, false},
      {{.exit_code = 4}, Outcome::failed, not_found, false},
      {{.exit_code = 5}, Outcome::failed, network, true},
      {{.exit_code = 6}, Outcome::failed, source_changed, false},
      {{.exit_code = 7}, Outcome::failed, unknown, false},
      {{.exit_code = 8}, Outcome::failed, limit, false},
      {{.exit_code = 10}, Outcome::failed, limit, false},
      {{.exit_code = 77}, Outcome::failed, unknown, true},
      {{.exit_code = 0}, Outcome::warning, unknown, false},
  };
  for (const EndCase& row : cases) {
    INFO(row.facts.exit_code);
    const Judgement j = judge_log("", row.facts);
    CHECK(to_string(j.outcome) == to_string(row.outcome));
    CHECK(to_string(j.error_class) == to_string(row.error_class));
    CHECK(j.retry == row.retry);
  }
}

TEST_CASE("an empty source is never success") {
  const auto of = [](nlohmann::json counters, RcloneVerb verb = RcloneVerb::unknown) {
    return judge_log(stats(counters), {.verb = verb});
  };
  const nlohmann::json wiped{{"checks", 3}, {"deletes", 3}};
  CHECK(of(wiped).error_class == ErrorClass::guard);
  CHECK(of(wiped).hint.find("3 files were deleted") != std::string::npos);
  CHECK(of(wiped, RcloneVerb::sync).outcome == Outcome::warning);
  CHECK(of(wiped, RcloneVerb::remove).outcome == Outcome::succeeded);
  CHECK(of({{"checks", 6}, {"deletes", 3}, {"renames", 3}}).outcome == Outcome::warning);
  CHECK(of({{"checks", 4}, {"deletes", 3}}).outcome == Outcome::succeeded);
  CHECK(of({{"checks", 0}}).outcome == Outcome::warning);
  CHECK(of({{"checks", 1}}).outcome == Outcome::nothing_to_do);
  CHECK(of({{"checks", 7}, {"renames", 2}}).outcome == Outcome::succeeded);
  CHECK(of({{"transfers", 1}, {"totalTransfers", 1}}).outcome == Outcome::succeeded);
}

TEST_CASE("files that failed alone make a warning, what stands in the way of all makes a failure") {
  const std::string one = stats({{"transfers", 1}, {"totalTransfers", 1}, {"errors", 1}});
  const auto with = [&](const std::string& text, int code) {
    return judge_log(record("error", "Failed to copy: " + text, "f") + one +
                         record("notice", "Failed to copy: " + text),
                     {.exit_code = code});
  };
  CHECK(with("open /f: permission denied", 1).outcome == Outcome::warning);
  CHECK(with("failed to open source object: open /f: no such file or directory", 1).outcome ==
        Outcome::warning);
  CHECK(with("unheard of", 1).outcome == Outcome::warning);
  CHECK_FALSE(with("unheard of", 1).retry);
  CHECK(with("write /f: no space left on device", 1).outcome == Outcome::failed);
  CHECK(with("connection reset by peer", 5).outcome == Outcome::failed);
  CHECK(with("connection reset by peer", 5).retry);
  CHECK(with("open /f: permission denied", 7).outcome == Outcome::failed);
  const std::string listing =
      record("error", "error reading source directory: open /d: permission denied", "d");
  CHECK(judge_log(listing + one, {.exit_code = 1}).outcome == Outcome::failed);
}

TEST_CASE("a million different errors are judged in bounded memory") {
  EvidenceCollector collector;
  for (int i = 0; i < 100000; ++i) {
    const std::string text = "Failed to copy: strange thing number " + std::to_string(i);
    collector.on_error(
        {.level = RecordLevel::error, .object = "f", .object_type = "*x.Object", .message = text});
    collector.on_plain(text);
  }
  CHECK(collector.evidence().errors.size() == RunEvidence::kMaxSamples);
  CHECK(collector.evidence().error_records == 100000);
  CHECK(collector.evidence().tail.size() == RunEvidence::kMaxTail);
}

TEST_CASE("JSON of a judgement is valid whatever the log held") {
  const Judgement j = judge_log("Failed to copy: \xff\x01 \"quoted\" open /x: permission denied\n",
                                {.exit_code = 1});
  const nlohmann::json json = nlohmann::json::parse(to_json(j));
  CHECK(json["outcome"] == "failed");
  CHECK(json["class"] == "permission");
  CHECK(json["retry"] == false);
}

TEST_CASE("signal names and numbers are understood") {
  CHECK(parse_signal("SIGTERM") == SIGTERM);
  CHECK(parse_signal("term") == SIGTERM);
  CHECK(parse_signal("9") == SIGKILL);
  CHECK_FALSE(parse_signal("0"));
  CHECK_FALSE(parse_signal("65"));
  CHECK_FALSE(parse_signal("SIGNIFICANT"));
  CHECK_FALSE(parse_signal(""));
}

TEST_CASE("versions are read from every form rclone writes") {
  CHECK(parse_rclone_version("v1.60.1-DEV") == RcloneVersion{1, 60, 1});
  CHECK(parse_rclone_version("rclone v1.72") == RcloneVersion{1, 72, 0});
  CHECK(parse_rclone_version("v1.70.0-beta.1234.abcdef") == RcloneVersion{1, 70, 0});
  CHECK_FALSE(parse_rclone_version("latest"));
  CHECK_FALSE(parse_rclone_version("1"));
  CHECK_FALSE(parse_rclone_version("99999999999.1"));
}

TEST_CASE("a log line is rendered for people") {
  LogRenderer renderer;
  std::string out;
  renderer.feed(record("info", "Copied (new)", "dir/\x1b[31mred\n.txt"), out);
  renderer.feed(record("warning", "Serving remote control on http://127.0.0.1:3/"), out);
  renderer.feed(
      std::string("2026/11/20 05:54:38 Failed to load: could not parse line: pass = x\n\tnext"),
      out);
  renderer.finish(out);
  CHECK(out ==
        "07:00:01 INFO   dir/ [31mred .txt: Copied (new)\n"
        "07:00:01 NOTICE Serving remote control on http://127.0.0.1:3/\n"
        "2026/11/20 05:54:38 Failed to load: could not parse line: [redacted]\n"
        "next\n");
}

TEST_CASE("every rule and class has a hint of one sentence") {
  for (const EnumRow<ErrorClass>& row : EnumNames<ErrorClass>::kRows) {
    if (row.value == ErrorClass::none) continue;
    INFO(row.name);
    CHECK(general_hint(row.value).ends_with("."));
  }
}

}  // namespace
}  // namespace dray
