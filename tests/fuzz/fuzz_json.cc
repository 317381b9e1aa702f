// JSON of clients, remotes, jobs and their policies: taken or refused; what was taken is written
// and read back as the same.
#include "schemas/job_json.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {
namespace {

template <class T, class Read>
void check(const JsonValue& value, Read&& read) {
  const Result<T> taken = read(value);
  if (!taken) return must(!taken.error().message.empty(), "a refusal says why");
  const std::string text = to_json(*taken);
  const auto document = JsonDocument::parse(text);
  must(document.has_value(), "what is written is JSON");
  const Result<T> again = read(document->root());
  must(again.has_value(), "what is written can be read");
  must(to_json(*again) == text, "what is written means the same");
}

}  // namespace

std::vector<std::string> seeds() {
  JobSpec job;
  job.name = "photos";
  job.source = {"gdrive", "Photos"};
  job.destination = {"s3", "backup/photos"};
  ClientSpec client;
  client.name = "family";
  SealedRemote remote;
  remote.name = "s3";
  remote.type = "s3";
  remote.sealed = std::string("\x00\x01\x02", 3);
  remote.sealed_for = "worker";
  return {to_json(job), to_json(client), to_json(remote),
          R"({"name": "photos", "source": "gdrive:Photos", "destination": "s3:backup/photos",
              "schedule": {"kind": "weekly", "at": "02:30", "weekdays": "mon,thu",
              "time_zone": "Europe/Oslo"}})",
          R"({"schedule": {"kind": "cron", "cron": "*/5 * * * *"}, "overlap": "queue_one"})"};
}

std::vector<std::string_view> words() {
  return {"{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "null",
          "true",
          "1e400",
          "-0",
          "\"\\ud800\"",
          "\\u0000",
          "\"name\":",
          "\"schedule\":",
          "\"options\":",
          "18446744073709551616",
          "[[[[[[[["};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray;
  const std::string_view text = fuzz::text_of(data, size);
  (void)job_policy_from(text);
  const auto document = JsonDocument::parse(text);
  if (!document) return 0;
  const JsonValue root = document->root();
  fuzz::check<JobSpec>(root, job_from_json);
  fuzz::check<ClientSpec>(root, client_from_json);
  fuzz::check<SealedRemote>(root, [](const JsonValue& value) { return remote_from_json(value); });
  (void)patch_job(JobSpec{}, root);
  (void)patch_client(ClientSpec{}, root);
  return 0;
}
