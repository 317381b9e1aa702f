#include "workers/archive_destination.h"

#include <algorithm>

#include "schemas/json_text.h"

namespace dray::worker {
namespace {

// It has a few kilobytes.
constexpr size_t kMaxOutput = 256 << 10;

bool lists(const std::optional<JsonValue>& list, std::string_view name) {
  if (!list || !list->is_array()) return false;
  for (size_t i = 0; i < list->size(); ++i)
    if (list->at(i).text() == name) return true;
  return false;
}

}  // namespace

void read_features(std::string_view json, ArchiveRun& run) {
  const Result<JsonDocument> document = JsonDocument::parse(json);
  if (!document || !document->root().is_object()) return;
  const std::optional<JsonValue> hashes = document->root().find("Hashes");
  run.tells_sha256 = lists(hashes, to_string(DigestKind::sha256));
  // The faster one first. With SHA-256 another one would only cost time.
  if (!run.tells_sha256)
    for (const DigestKind kind : {DigestKind::md5, DigestKind::sha1})
      if (lists(hashes, to_string(kind))) run.other_hash = kind;
  const std::optional<JsonValue> features = document->root().find("Features");
  if (!features || !features->is_object()) return;
  if (const std::optional<JsonValue> streams = features->find("PutStream"))
    run.streams = streams->boolean().value_or(false);
}

struct DestinationFeatures::Impl {
  Impl(AttemptState& state_in, std::function<void(StepEnd)> done_in)
      : state(state_in), done(std::move(done_in)) {}

  void finish(const ProcessEnd& how) {
    StepEnd end = judge_process(how);
    if (is_good(end.outcome)) read_features(output, *state.archive);
    done(std::move(end));
  }

  AttemptState& state;
  std::function<void(StepEnd)> done;
  std::string output;
  std::unique_ptr<ProcessRunner> runner;
};

DestinationFeatures::DestinationFeatures(AttemptState& state, std::function<void(StepEnd)> done)
    : impl_(std::make_unique<Impl>(state, std::move(done))) {}
DestinationFeatures::~DestinationFeatures() = default;

void DestinationFeatures::begin() {
  if (!impl_->state.config.destination_local.empty()) {
    impl_->state.archive->tells_sha256 = true;  // workers/local_digest.h
    impl_->state.archive->streams = true;
    return impl_->done(StepEnd{});
  }
  ProcessPlan plan = archive_process(impl_->state, "features", "backend",
                                     {"features", impl_->state.config.destination}, {});
  plan.verb = RcloneVerb::list;
  plan.capture_output = true;
  plan.on_output = [impl = impl_.get()](std::span<const char> bytes) {
    impl->output.append(bytes.data(), std::min(bytes.size(), kMaxOutput - impl->output.size()));
  };
  impl_->runner = std::make_unique<ProcessRunner>(
      impl_->state, std::move(plan),
      [impl = impl_.get()](const ProcessEnd& how) { impl->finish(how); });
  impl_->runner->begin();
}
void DestinationFeatures::extend(Instant kill_at) {
  if (impl_->runner) impl_->runner->extend(kill_at);
}
void DestinationFeatures::stop(StopReason reason) {
  if (impl_->runner) impl_->runner->stop(reason);
}

}  // namespace dray::worker
