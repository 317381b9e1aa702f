#include "workers/archive_step.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "daemon/base/text.h"
#include "workers/archive_destination.h"
#include "workers/archive_feed.h"
#include "workers/archive_packer.h"
#include "workers/archive_run.h"
#include "workers/archive_upload.h"
#include "workers/clean_text.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

constexpr Duration kShowEvery = milliseconds{500};
// Problems that are named in the log and in the report; all are in the manifest.
constexpr uint64_t kMaxNamed = 1000;
constexpr size_t kMaxReported = 20;
constexpr size_t kMaxPathText = 400;
// More threads gain nothing that a pipe to one upload could take.
constexpr unsigned kMaxCompressors = 8;

// Within the run's processor time, as far as a number of threads can keep to it.
int compressors(uint32_t cpu_percent) {
  const unsigned most = cpu_percent == 0 ? kMaxCompressors : processors_for(cpu_percent);
  return static_cast<int>(
      std::clamp(std::min(most, std::thread::hardware_concurrency()), 1U, kMaxCompressors));
}

class ArchiveStep final : public Step {
 public:
  explicit ArchiveStep(AttemptState& state);
  ~ArchiveStep() override { *alive_ = false; }

  void begin() override;
  void extend(Instant kill_at) override;
  void stop(StopReason reason) override;

 private:
  Instant now() const { return state_.context.clock.now().mono; }
  std::string manifest_path() const { return state_.paths.directory + "/archive.manifest"; }
  template <class Call>
  auto on_loop(Call call);

  void list();
  void listed(ListingEnd end);
  Status take_partial(const ListingEnd& end);
  void pack(Result<std::unique_ptr<ArchiveSource>> source);
  void problem(const std::string& path, const std::string& text);
  void packed(Status status);
  void upload_manifest();
  void conclude();
  void show(bool always);

  // Ends the step with `end` as soon as nothing of it runs any more.
  void give_up(StepEnd end);
  void settle();

  AttemptState& state_;
  ArchiveRun& run_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer tick_;
  ProgressModel progress_;
  ListingEnd listing_;
  uint64_t named_ = 0;
  bool incomplete_listing_ = false;

  std::optional<StepEnd> verdict_;
  bool features_run_ = false;
  bool listing_runs_ = false;
  bool packer_runs_ = false;
  bool packed_ = false;
  bool manifest_runs_ = false;

  std::unique_ptr<DestinationFeatures> features_;
  std::unique_ptr<RemoteListing> lister_;
  ArchiveFeed feed_;
  std::unique_ptr<ProcessRunner> manifest_;
  // Destroyed in this order: the packer waits for its writes, which end with the upload's process.
  std::unique_ptr<ArchivePacker> packer_;
  std::unique_ptr<ArchiveUpload> upload_;
};

ArchiveStep::ArchiveStep(AttemptState& state)
    : state_(state),
      run_(*state.archive),
      tick_(state.context.loop),
      feed_(state, {.opened = [this](auto source) { pack(std::move(source)); },
                    .failed =
                        [this](StepEnd end) {
                          if (!verdict_) give_up(std::move(end));
                        },
                    .idle = [this] { settle(); }}) {}

// A call from another thread, carried out on the loop unless the step is gone by then.
template <class Call>
auto ArchiveStep::on_loop(Call call) {
  return [&loop = state_.context.loop, alive = std::weak_ptr(alive_), call](const auto&... values) {
    loop.post([alive, call, values...] {
      const std::shared_ptr<bool> still = alive.lock();
      if (still && *still) call(values...);
    });
  };
}

void ArchiveStep::begin() {
  progress_.start(now());
  const WallTime at = state_.spec.scheduled_at == WallTime{} ? state_.context.clock.now().wall
                                                             : state_.spec.scheduled_at;
  run_.names = archive_names(state_.spec.job, at, state_.token.run);
  tick_.start_repeating(kShowEvery, [this] { show(false); });
  features_ = std::make_unique<DestinationFeatures>(state_, [this](StepEnd end) {
    features_run_ = false;
    if (verdict_) return settle();
    if (!is_good(end.outcome)) return give_up(std::move(end));
    list();
  });
  features_run_ = true;
  features_->begin();
}

void ArchiveStep::list() {
  Result<std::vector<std::string>> filters = filter_flags(state_);
  if (!filters) return give_up(start_failure(filters.error()));
  ListingWanted wanted;
  wanted.label = "list";
  wanted.remote = state_.config.source;
  wanted.directories = true;
  wanted.flags = std::move(*filters);
  if (const Status begun = feed_.begin(wanted); !begun)
    return give_up(start_failure(begun.error()));
  lister_ = std::make_unique<RemoteListing>(
      state_, std::move(wanted), [this](const RemoteEntry& entry) { feed_.add(entry); },
      [this](ListingEnd end) { listed(std::move(end)); });
  listing_runs_ = true;
  lister_->begin();
}

// Folders that could not be read are a warning, like files; what is below them is not known.
Status ArchiveStep::take_partial(const ListingEnd& end) {
  if (is_good(end.step.outcome)) return {};
  const bool some = end.files + end.directories > 0;
  if (!some || end.step.error_class != ErrorClass::permission)
    return fail(ErrorCode::io, "incomplete");
  incomplete_listing_ = true;
  state_.report.failing_paths.push_back(shorten(end.step.deciding_line, kMaxPathText));
  state_.note("error", "The archive will be incomplete: parts of the source could not be listed");
  return {};
}

void ArchiveStep::listed(ListingEnd end) {
  listing_runs_ = false;
  if (verdict_) return settle();
  if (!take_partial(end)) return give_up(std::move(end.step));
  if (const Status kept = feed_.finish(); !kept) return give_up(start_failure(kept.error()));
  listing_ = std::move(end);
  if (listing_.files + listing_.directories == 0) {
    StepEnd empty;
    empty.outcome = Outcome::warning;
    empty.error_class = ErrorClass::guard;
    empty.hint = "The source is empty; no archive was made.";
    return give_up(std::move(empty));
  }
  run_.cut = cut_archive(listing_.bytes, listing_.files + listing_.directories,
                         state_.policy.archive.volume_bytes, run_.streams);
  run_.names.numbered = run_.cut.volume_bytes != 0;
  state_.note("info", fmt::format("Archiving {} files and {} folders, {}", listing_.files,
                                  listing_.directories, human_bytes(listing_.bytes)));
  if (!state_.spec.dry_run) return feed_.open();
  StepEnd would;
  would.hint =
      fmt::format("Would archive {} files, {}.", listing_.files, human_bytes(listing_.bytes));
  give_up(std::move(would));
}

void ArchiveStep::pack(Result<std::unique_ptr<ArchiveSource>> source) {
  if (!source) return give_up(start_failure(source.error()));
  upload_ = std::make_unique<ArchiveUpload>(
      state_, ArchiveUpload::Handlers{
                  .provide = [this](UniqueFd pipe) { packer_->provide(std::move(pipe)); },
                  .failed = [this](StepEnd end) { give_up(std::move(end)); },
                  .uploaded = [this] { settle(); }});
  PackOptions options;
  options.level = static_cast<int>(state_.policy.archive.level);
  options.compressors = compressors(state_.sandbox.cpu_percent);
  options.volume_bytes = run_.cut.volume_bytes;
  options.other_hash = run_.other_hash;
  options.manifest = manifest_path();
  options.names = run_.names;
  packer_ = std::make_unique<ArchivePacker>(
      std::move(options), std::move(*source),
      ArchivePacker::Handlers{
          .volume_wanted = on_loop([this](uint32_t number) { upload_->begin_volume(number); }),
          .volume_ended = on_loop([this](const Volume& volume) { upload_->end_volume(volume); }),
          .problem = on_loop(
              [this](const std::string& path, const std::string& text) { problem(path, text); }),
          .ended = on_loop([this](const Status& status) { packed(status); })});
  packer_runs_ = true;
  packer_->start();
}

void ArchiveStep::problem(const std::string& path, const std::string& text) {
  if (named_++ >= kMaxNamed) return;
  const std::string line = clean_line(fmt::format("{}: {}", path, text), kMaxPathText);
  state_.note("error", "Not or not wholly in the archive: " + line);
  if (state_.report.failing_paths.size() < kMaxReported)
    state_.report.failing_paths.push_back(line);
}

void ArchiveStep::packed(Status status) {
  packer_runs_ = false;
  packed_ = status.has_value();
  feed_.close(StopReason::shutdown);
  if (!status && !verdict_) {
    // The upload's own end says why the pipe broke.
    if (!packer_->upload_broke() || !upload_->busy()) return give_up(start_failure(status.error()));
  }
  settle();
}

void ArchiveStep::upload_manifest() {
  struct stat info {};
  if (stat(manifest_path().c_str(), &info) != 0)
    return give_up(start_failure(errno_error(errno, "the archive's manifest")));
  run_.manifest_bytes = static_cast<uint64_t>(info.st_size);
  manifest_runs_ = true;
  ProcessPlan plan =
      archive_process(state_, "manifest", "copyto",
                      {manifest_path(), below_place(archive_place(state_), run_.names.manifest())},
                      {"--ignore-times"});
  plan.verb = RcloneVerb::copy;
  manifest_ =
      std::make_unique<ProcessRunner>(state_, std::move(plan), [this](const ProcessEnd& how) {
        manifest_runs_ = false;
        StepEnd end = judge_process(how);
        if (verdict_) return settle();
        if (!is_good(end.outcome)) return give_up(std::move(end));
        conclude();
      });
  manifest_->begin();
}

void ArchiveStep::conclude() {
  const PackCounts counts = packer_->counts();
  state_.bytes = counts.bytes;
  state_.files = counts.files;
  state_.errors = counts.problems;
  progress_.finish(now(), counts.problems == 0);
  StepEnd end;
  if (counts.problems > 0 || incomplete_listing_) {
    end.outcome = counts.files == 0 ? Outcome::failed : Outcome::warning;
    end.error_class = ErrorClass::permission;
    const std::string& first = state_.report.failing_paths.front();
    end.deciding_line = first;
    end.hint = incomplete_listing_
                   ? fmt::format("Parts of the source could not be listed: {}", first)
                   : fmt::format("{} of {} files could not be archived as they are, first: {}",
                                 counts.problems, counts.files + counts.missing, first);
    end.hint = shorten(end.hint, limits::kMaxHintBytes);
  }
  give_up(std::move(end));
}

void ArchiveStep::give_up(StepEnd end) {
  if (!verdict_) verdict_ = std::move(end);
  const bool good = is_good(verdict_->outcome);
  if (features_run_) features_->stop(StopReason::shutdown);
  if (listing_runs_) lister_->stop(StopReason::shutdown);
  feed_.close(StopReason::shutdown);
  // First the upload, so that it never takes the packer's end for that of the archive.
  if (upload_ && upload_->busy() && !good) upload_->stop(StopReason::shutdown);
  if (packer_runs_) packer_->interrupt();
  if (manifest_runs_) manifest_->stop(StopReason::shutdown);
  settle();
}

void ArchiveStep::settle() {
  if (features_run_ || listing_runs_ || feed_.busy() || packer_runs_ || manifest_runs_) return;
  if (upload_ && upload_->busy()) return;
  if (!verdict_) {
    if (packed_ && !manifest_) upload_manifest();
    return;
  }
  tick_.cancel();
  if (run_.begun) show(true);
  StepEnd end = std::move(*verdict_);
  // Told twice would be a second end.
  verdict_.emplace();
  if (!*alive_) return;
  *alive_ = false;
  state_.host.ended(std::move(end));
}

void ArchiveStep::extend(Instant kill_at) {
  if (features_run_) features_->extend(kill_at);
  if (listing_runs_) lister_->extend(kill_at);
  feed_.extend(kill_at);
  if (upload_) upload_->extend(kill_at);
  if (manifest_runs_) manifest_->extend(kill_at);
}

void ArchiveStep::stop(StopReason reason) {
  if (verdict_) return;
  verdict_ = stopped_end(reason);
  if (upload_ && upload_->busy()) upload_->stop(reason);
  give_up(*verdict_);
}

void ArchiveStep::show(bool always) {
  StatsRecord stats;
  PackCounts counts;
  if (packer_) counts = packer_->counts();
  stats.bytes = static_cast<int64_t>(counts.bytes);
  stats.total_bytes = static_cast<int64_t>(std::max(listing_.bytes, counts.bytes));
  stats.transfers = static_cast<int64_t>(counts.files);
  stats.total_transfers = static_cast<int64_t>(std::max(listing_.files, counts.files));
  stats.errors = static_cast<int64_t>(counts.problems);
  TransferringFile file;
  file.name = counts.current;
  file.size = static_cast<int64_t>(counts.current_size);
  file.bytes = static_cast<int64_t>(counts.current_bytes);
  if (counts.current_size > 0)
    file.percent = static_cast<int>(counts.current_bytes * 100 / counts.current_size);
  if (packer_runs_ && !counts.current.empty()) stats.transferring = {&file, 1};
  progress_.on_stats(stats, now());
  if (upload_) upload_->moved(progress_.stalled_since());
  state_.host.show(progress_.snapshot(now()), always);
}

}  // namespace

std::unique_ptr<Step> make_archive_step(AttemptState& state) {
  if (!state.archive) state.archive = std::make_shared<ArchiveRun>();
  return std::make_unique<ArchiveStep>(state);
}

}  // namespace dray::worker
