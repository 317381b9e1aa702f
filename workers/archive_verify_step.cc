// Does the destination hold what was sent? Sizes always, hashes where both sides know one, and the
// content itself where the job asks for that.
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>

#include "daemon/base/text.h"
#include "workers/archive_run.h"
#include "workers/archive_step.h"
#include "workers/local_digest.h"
#include "workers/remote_listing.h"
#include "workers/runner_step.h"

namespace dray::worker {
namespace {

struct Found {
  uint64_t size = 0;
  std::map<std::string, std::string> hashes;
};

class VerifyStep final : public Step {
 public:
  explicit VerifyStep(AttemptState& state) : state_(state), run_(*state.archive) {}

  void begin() override {
    if (!run_.begun) return state_.host.ended(StepEnd{});
    if (state_.config.destination_local.empty()) return list();
    report_.tool = "read";
    read_here(0);
  }
  void extend(Instant kill_at) override {
    if (listing_) listing_->extend(kill_at);
    if (reader_) reader_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    stopped_ = reason;
    if (digest_) return digest_->stop();
    if (reader_) return reader_->stop(reason);
    if (listing_) listing_->stop(reason);
  }

 private:
  void list();
  void read_here(size_t volume);
  void read_manifest_size();
  std::string local_path(const std::string& name) const;
  void compare();
  void compare_volume(const Volume& volume);
  void differs(std::string_view name, std::string_view how);
  bool wants_content() const;
  void read_next();
  void read(const Volume& volume, const ProcessEnd& how);
  void conclude();

  AttemptState& state_;
  ArchiveRun& run_;
  std::optional<StopReason> stopped_;
  std::unique_ptr<LocalDigest> digest_;
  std::unique_ptr<LocalDigest> digest_before_;  // its `done` may be on the stack
  std::map<std::string, Found> found_;
  ValidationReport report_;
  uint64_t by_hash_ = 0;
  size_t next_volume_ = 0;
  uint64_t content_bytes_ = 0;
  Digest content_{DigestKind::sha256};
  std::unique_ptr<RemoteListing> listing_;
  std::unique_ptr<ProcessRunner> reader_;
  std::unique_ptr<ProcessRunner> read_before_;  // its `done` may be on the stack
};

void VerifyStep::list() {
  ListingWanted wanted;
  wanted.label = "verify";
  report_.tool = "list";
  wanted.remote = archive_place(state_);
  wanted.mtimes = false;
  if (const std::optional<DigestKind> hash = run_.common_hash())
    wanted.hash_type = to_string(*hash);
  wanted.flags = {"--max-depth", "1", "--include", fmt::format("/{}.*", run_.names.stem)};
  listing_ = std::make_unique<RemoteListing>(
      state_, std::move(wanted),
      [this](const RemoteEntry& entry) {
        found_[entry.path] = {entry.size, entry.hashes};
      },
      [this](ListingEnd end) {
        if (!is_good(end.step.outcome)) return state_.host.ended(std::move(end.step));
        compare();
      });
  listing_->begin();
}

// A destination of this machine is read without an rclone between, from the `volume`-th on.
void VerifyStep::read_here(size_t volume) {
  if (volume == run_.volumes.size()) return read_manifest_size();
  const std::string name = run_.names.volume(run_.volumes[volume].number);
  digest_before_ = std::move(digest_);
  digest_ = std::make_unique<LocalDigest>(
      state_.context.loop, local_path(name), [this, name, volume](Result<FileDigest> read) {
        if (stopped_) return state_.host.ended(stopped_end(*stopped_));
        const bool gone = !read && read.error().code == ErrorCode::not_found;
        if (!read && !gone) return state_.host.ended(start_failure(read.error()));
        if (read)
          found_[name] = {read->size,
                          {{std::string(to_string(DigestKind::sha256)), std::move(read->sha256)}}};
        read_here(volume + 1);
      });
}

void VerifyStep::read_manifest_size() {
  struct stat info {};
  if (lstat(local_path(run_.names.manifest()).c_str(), &info) == 0 && S_ISREG(info.st_mode))
    found_[run_.names.manifest()] = {static_cast<uint64_t>(info.st_size), {}};
  compare();
}

std::string VerifyStep::local_path(const std::string& name) const {
  return fmt::format("{}/{}", state_.config.destination_local, run_.names.below(name));
}

void VerifyStep::differs(std::string_view name, std::string_view how) {
  ++report_.differences;
  report_.excerpt += fmt::format("{}: {}\n", name, how);
}

void VerifyStep::compare_volume(const Volume& volume) {
  const std::string name = run_.names.volume(volume.number);
  const auto there = found_.find(name);
  if (there == found_.end()) {
    ++report_.missing;
    report_.excerpt += fmt::format("{}: is not there\n", name);
    return;
  }
  ++report_.compared;
  if (there->second.size != volume.size)
    return differs(name,
                   fmt::format("has {} bytes instead of {}", there->second.size, volume.size));
  const std::optional<DigestKind> kind = run_.common_hash();
  if (!kind) return;
  const auto hash = there->second.hashes.find(std::string(to_string(*kind)));
  if (hash == there->second.hashes.end() || hash->second.empty()) return;
  const std::string& ours = *kind == DigestKind::sha256 ? volume.sha256 : volume.other;
  if (hash->second != ours)
    return differs(name,
                   fmt::format("{} is {} instead of {}", to_string(*kind), hash->second, ours));
  ++by_hash_;
}

void VerifyStep::compare() {
  report_.mode = state_.policy.validation.mode;
  for (const Volume& volume : run_.volumes)
    compare_volume(volume);
  const auto manifest = found_.find(run_.names.manifest());
  if (manifest == found_.end()) {
    ++report_.missing;
    report_.excerpt += run_.names.manifest() + ": is not there\n";
  } else if (manifest->second.size != run_.manifest_bytes) {
    differs(run_.names.manifest(),
            fmt::format("has {} bytes instead of {}", manifest->second.size, run_.manifest_bytes));
  }
  if (report_.differences + report_.missing > 0 || !wants_content() || digest_) return conclude();
  report_.tool = "download";
  by_hash_ = 0;
  read_next();
}

bool VerifyStep::wants_content() const {
  const ValidationMode mode = state_.policy.validation.mode;
  return mode == ValidationMode::download || mode == ValidationMode::sample;
}

void VerifyStep::read_next() {
  if (next_volume_ == run_.volumes.size()) return conclude();
  const Volume& volume = run_.volumes[next_volume_++];
  content_bytes_ = 0;
  ProcessPlan plan =
      archive_process(state_, "read", "cat",
                      {below_place(archive_place(state_), run_.names.volume(volume.number))}, {});
  plan.capture_output = true;
  plan.on_output = [this](std::span<const char> bytes) {
    content_.update(bytes);
    content_bytes_ += bytes.size();
    reader_->moved(state_.context.clock.now().mono);
  };
  read_before_ = std::move(reader_);
  reader_ = std::make_unique<ProcessRunner>(
      state_, std::move(plan), [this, &volume](const ProcessEnd& how) { read(volume, how); });
  reader_->begin();
}

void VerifyStep::read(const Volume& volume, const ProcessEnd& how) {
  const std::string sha256 = content_.finish_hex();
  StepEnd end = judge_process(how);
  if (how.start_error || how.stopped || !is_good(end.outcome))
    return state_.host.ended(std::move(end));
  if (content_bytes_ != volume.size || sha256 != volume.sha256) {
    differs(run_.names.volume(volume.number), "reads back as something else");
  } else {
    ++by_hash_;
  }
  read_next();
}

void VerifyStep::conclude() {
  const bool good = report_.differences + report_.missing == 0;
  report_.not_comparable = report_.compared - std::min(report_.compared, by_hash_);
  report_.grade = !good                             ? Grade::failed
                  : by_hash_ == run_.volumes.size() ? Grade::hash
                                                    : Grade::size;
  const std::string excerpt = report_.excerpt;
  const Grade grade = report_.grade;
  state_.report.validation = {std::move(report_)};
  if (!good)
    return state_.host.ended(
        archive_failure(ErrorClass::integrity, true,
                        "The destination does not hold the archive as it was sent: " +
                            excerpt.substr(0, excerpt.find('\n'))));
  run_.verified = true;
  VersionRef version;
  version.run = state_.token.run;
  version.at = state_.context.clock.now().wall;
  version.manifest = run_.names.below(run_.names.manifest());
  const Endpoint& destination = state_.spec.destination;
  version.destination = fmt::format("{}:{}", destination.remote, destination.path);
  version.layout = Layout::mirror;
  version.archive = run_.names.below(run_.names.volume(1));
  version.volumes = static_cast<uint32_t>(run_.volumes.size());
  version.files = state_.files;
  version.bytes = state_.bytes;
  version.grade = grade;
  state_.report.version = {version};
  state_.note("info", fmt::format("The archive {} is in the destination: {} ({})", version.archive,
                                  version.volumes == 1 ? "one volume"
                                                       : fmt::format("{} volumes", version.volumes),
                                  grade == Grade::hash ? "content compared" : "sizes compared"));
  state_.host.ended(StepEnd{});
}

// Removes what an archive that was not finished has left.
class CleanupStep final : public RunnerStep {
 public:
  using RunnerStep::RunnerStep;

  void begin() override {
    const ArchiveRun& archive = *state().archive;
    if (!archive.begun || archive.verified) return state().host.ended(StepEnd{});
    ProcessPlan plan = archive_process(state(), "clean", "delete", {archive_place(state())},
                                       {"--include", fmt::format("/{}.*", archive.names.stem)});
    plan.verb = RcloneVerb::remove;
    run(std::move(plan));
  }

 private:
  void finish(const ProcessEnd& how) override {
    StepEnd end = judge_process(how);
    // A folder that was never made holds nothing.
    if (!how.start_error && !how.stopped && end.error_class == ErrorClass::not_found)
      end = StepEnd{};
    if (!is_good(end.outcome))
      state().note("error", "What was uploaded of the unfinished archive could not be removed");
    state().host.ended(std::move(end));
  }
};

}  // namespace

std::unique_ptr<Step> make_archive_verify_step(AttemptState& state) {
  if (!state.archive) state.archive = std::make_shared<ArchiveRun>();
  return std::make_unique<VerifyStep>(state);
}
std::unique_ptr<Step> make_archive_cleanup_step(AttemptState& state) {
  if (!state.archive) state.archive = std::make_shared<ArchiveRun>();
  return std::make_unique<CleanupStep>(state);
}

}  // namespace dray::worker
