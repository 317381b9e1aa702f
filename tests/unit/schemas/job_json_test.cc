#include "schemas/job_json.h"

#include "schemas/json_fields.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

Result<JobSpec> job(std::string_view text) {
  DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(text));
  return job_from_json(document.root());
}

std::string job_error(std::string_view text) {
  const Result<JobSpec> read = job(text);
  return read ? "accepted" : read.error().message;
}

TEST_CASE("A job is read with defaults for what is not given") {
  const auto read = job(R"({"name":"photos","source":"gdrive:Photos","destination":"s3:b/p",
      "schedule":{"kind":"weekly","at":"02:30","weekdays":["mon","thu"],
      "time_zone":"Europe/Oslo"},"options":{"transfers":8}})");
  REQUIRE(read);
  JobSpec wanted;
  wanted.name = "photos";
  wanted.source = {"gdrive", "Photos"};
  wanted.destination = {"s3", "b/p"};
  wanted.schedule = {ScheduleKind::weekly, "02:30", 0b1001, "", 0, "Europe/Oslo"};
  wanted.options.transfers = 8;
  CHECK(*read == wanted);
}

TEST_CASE("A job comes back from its own JSON unchanged") {
  JobSpec spec;
  spec.name = "a";
  spec.source = {"r", "dir/with:colon \"quotes\" and \u00e9"};
  spec.destination = {"d", ""};
  spec.schedule = {ScheduleKind::weekly, "02:30", 0b1000001, "", 0, "Europe/Oslo"};
  spec.priority = -5;
  spec.overlap = OverlapPolicy::queue_one;
  spec.options.filters = {"- *.tmp", "+ /docs/**"};
  const auto again = job(to_json(spec));
  REQUIRE(again);
  CHECK(*again == spec);
}

TEST_CASE("JSON of a job reads like the command line") {
  JobSpec spec;
  spec.name = "a";
  spec.source = {"r", "p"};
  spec.destination = {"d", ""};
  spec.schedule.weekdays = 0b10;
  const std::string text = to_json(spec);
  CHECK(text.starts_with(R"({"name":"a","client":"default","kind":"sync","source":"r:p",)"
                         R"("destination":"d:","schedule":{"kind":"manual","at":"",)"
                         R"("weekdays":"tue",)"));
}

TEST_CASE("What is wrong in a job's JSON is named with its path and the fix") {
  struct Row {
    const char* text;
    const char* error;
  };
  const Row rows[] = {
      {R"({"source":"a:b"})", "job: name: is missing"},
      {R"({"name":"p","source":"a:b","destination":"nocolon"})",
       "job 'p': destination: 'nocolon' must be a remote and a path, like \"remote:path\""},
      {R"({"name":"p","source":"a:","destination":"b:","options":{"transfers":"8"}})",
       "job 'p': options.transfers: must be a whole number from 0 to 4294967295"},
      {R"({"name":"p","source":"a:","destination":"b:","options":{"transfers":-1}})",
       "job 'p': options.transfers: must be a whole number from 0 to 4294967295"},
      {R"({"name":"p","source":"a:","destination":"b:","priority":1.5})",
       "job 'p': priority: must be a whole number from -2147483648 to 2147483647"},
      {R"({"name":"p","source":"a:","destination":"b:","options":{"flags":["-a",3]}})",
       "job 'p': options.flags[1]: must be a text"},
      {R"({"name":"p","source":"a:","destination":"b:","overlap":"skipp"})",
       "job 'p': overlap: 'skipp' is not a overlap policy; allowed: skip, queue_one, "
       "cancel_previous, allow; did you mean 'skip'?"},
      {R"({"name":"p","source":"a:","destination":"b:","schedule":{"kind":"weekly",)"
       R"("weekdays":"mon,funday"}})",
       "job 'p': schedule.weekdays: 'funday' is not a weekday; allowed: mon, tue, wed, thu, fri, "
       "sat, sun"},
      {R"({"name":"p","source":"a:","destination":"b:","enabled":"yes"})",
       "job 'p': enabled: must be true or false"},
      {R"(["p"])", "job: must be an object"},
      {R"({"name":"p","name":"q"})", "holds 'name' twice"},
      {"{\"name\":\n  \"p\",, }", "is not JSON: wrong at line 2, column 7"},
      {"{\"a\":1e999}", "is not JSON: a number is out of range"},
      {"", "is not JSON: wrong at line 1, column 1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(job_error(row.text) == row.error);
  }
}

TEST_CASE("An unknown key is refused with the closest allowed one") {
  const std::string error =
      job_error(R"({"name":"p","source":"a:","destination":"b:","options":{"transfer":8}})");
  CHECK(error ==
        "job 'p': options: 'transfer' is not known; allowed: filters, transfers, checkers, "
        "max_delete, file_log, stall_seconds, flags; did you mean 'transfers'?");
}

TEST_CASE("A patch changes only what it names, and a schedule as a whole") {
  JobSpec base;
  base.name = "p";
  base.source = {"a", "x"};
  base.destination = {"b", ""};
  base.schedule = {ScheduleKind::weekly, "02:30", 1, "", 0, "Europe/Oslo"};
  base.options.checkers = 3;
  const auto document = JsonDocument::parse(
      R"({"schedule":{"kind":"cron","cron":"@daily"},"options":{"transfers":2}})");
  REQUIRE(document);
  const auto patched = patch_job(base, document->root());
  REQUIRE(patched);
  JobSpec wanted = base;
  wanted.schedule = {ScheduleKind::cron, "", 0, "@daily", 0, "UTC"};
  wanted.options.transfers = 2;
  CHECK(*patched == wanted);

  const auto wrong = JsonDocument::parse(R"({"schedule":{"at":"02:30"}})");
  REQUIRE(wrong);
  CHECK(patch_job(base, wrong->root()).error().message == "job 'p': schedule.kind: is missing");
}

TEST_CASE("Sealed settings travel as base64") {
  const auto document = JsonDocument::parse(
      R"({"name":"nas","type":"sftp","sealed":"AAEC/w==","sealed_for":"a1b2"})");
  REQUIRE(document);
  const auto remote = remote_from_json(document->root());
  REQUIRE(remote);
  CHECK(remote->sealed == std::string("\x00\x01\x02\xff", 4));
  CHECK(remote->client == "default");
  CHECK(to_json(*remote).find(R"("sealed":"AAEC/w==")") != std::string::npos);

  const auto wrong =
      JsonDocument::parse(R"({"name":"nas","type":"s","sealed":"*","sealed_for":"a"})");
  CHECK(remote_from_json(wrong->root()).error().message ==
        "remote 'nas': sealed: must be base64 text");
}

TEST_CASE("Depth and size of JSON are bounded") {
  const std::string deep(40, '[');
  CHECK_FALSE(JsonDocument::parse(deep + std::string(40, ']')));
  CHECK_FALSE(JsonDocument::parse(std::string(JsonDocument::kMaxBytes + 1, ' ')));
  CHECK(JsonDocument::parse("[[[[[[[[[[]]]]]]]]]]"));
}

TEST_CASE("Text that goes out holds no control characters") {
  JsonWriter writer;
  writer.begin_object();
  writer.key("a\nb");
  writer.text("x\x1b[31m\r\n\t\x7f");
  writer.key("n");
  writer.floating(0.5);
  writer.key("nan");
  writer.floating(std::numeric_limits<double>::quiet_NaN());
  writer.key("list");
  writer.begin_array();
  writer.unsigned_integer(UINT64_MAX);
  writer.signed_integer(INT64_MIN);
  writer.null();
  writer.end_array();
  writer.end_object();
  const std::string text = writer.take();
  for (const char c : text)
    CHECK(static_cast<unsigned char>(c) >= 0x20);
  CHECK(JsonDocument::parse(text));
}

}  // namespace
}  // namespace dray
