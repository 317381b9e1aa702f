#include "workers/archive_restore_step.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <optional>
#include <utility>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "workers/archive_destination.h"
#include "workers/archive_manifest.h"
#include "workers/archive_names.h"
#include "workers/archive_run.h"
#include "workers/archive_unpacker.h"
#include "workers/clean_text.h"
#include "workers/local_source.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

constexpr Duration kShowEvery = milliseconds{500};
constexpr size_t kMaxReported = 20;
// Fewer switches between rclone and the unpacker.
constexpr int kPipeBytes = 1 << 20;

class RestoreStep final : public Step {
 public:
  RestoreStep(AttemptState& state, std::function<bool(std::string_view)> wanted)
      : state_(state), wanted_(std::move(wanted)), tick_(state.context.loop) {}
  ~RestoreStep() override { *alive_ = false; }

  void begin() override;
  void extend(Instant kill_at) override;
  void stop(StopReason reason) override;

 private:
  struct Process {
    std::unique_ptr<ProcessRunner> runner;
    bool runs = true;
  };
  using Done = std::function<void(StepEnd)>;

  const VersionRef& version() const { return state_.task.restore.version; }
  Instant now() const { return state_.context.clock.now().mono; }
  const std::string& stored() const {
    return state_.task.restore.drill ? state_.config.destination : state_.config.source;
  }
  std::string target(std::string_view path) const {
    return below_place(state_.config.destination, path);
  }
  template <class Call>
  auto on_loop(Call call);
  Process& run(ProcessPlan plan, Done done);
  std::vector<std::string> upload_flags() const;

  void look_at_destination();
  void unpack();
  void remember(const UnpackedFile& file, const std::string& digest);
  void read_volume(uint32_t number);
  void upload_batch(const std::string& directory);
  void upload_large(const UnpackedFile& file);
  void set_time(const UnpackedFile& file);
  void problem(const std::string& path, const std::string& text);
  void unpacked(const Status& status);
  void give_up(StepEnd end);
  void settle();
  void show();

  AttemptState& state_;
  std::function<bool(std::string_view)> wanted_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer tick_;
  ProgressModel progress_;
  uint64_t problems_ = 0;
  std::optional<StepEnd> verdict_;
  std::unique_ptr<DestinationFeatures> features_;
  bool looking_ = false;
  bool unpacker_runs_ = false;
  Process* feeding_ = nullptr;  // takes a large file
  UnpackedFile large_;
  // Destroyed in this order: the unpacker waits for pipes, whose other ends die with the processes.
  std::unique_ptr<ArchiveUnpacker> unpacker_;
  std::list<Process> processes_;
};

template <class Call>
auto RestoreStep::on_loop(Call call) {
  return [&loop = state_.context.loop, alive = std::weak_ptr(alive_), call](const auto&... values) {
    loop.post([alive, call, values...] {
      const std::shared_ptr<bool> still = alive.lock();
      if (still && *still) call(values...);
    });
  };
}

void RestoreStep::begin() {
  if (state_.spec.dry_run) {
    StepEnd would;
    would.hint = fmt::format("Would read an archive of {} files, {}.", version().files,
                             human_bytes(version().bytes));
    return state_.host.ended(std::move(would));
  }
  state_.archive = std::make_shared<ArchiveRun>();
  state_.archive->unpacked = std::make_unique<EntrySorter>(state_.paths.directory + "/unpacked");
  if (!state_.task.restore.drill) return look_at_destination();
  state_.archive->tells_sha256 = true;  // the manifest does
  unpack();
}

// Which hash it can tell.
void RestoreStep::look_at_destination() {
  features_ = std::make_unique<DestinationFeatures>(state_, [this](StepEnd end) {
    looking_ = false;
    if (!is_good(end.outcome)) return state_.host.ended(std::move(end));
    unpack();
  });
  looking_ = true;
  features_->begin();
}

void RestoreStep::unpack() {
  progress_.start(now());
  const std::string spool = state_.paths.directory + "/unpack";
  if (mkdir(spool.c_str(), 0700) != 0)
    return state_.host.ended(start_failure(errno_error(errno, spool)));
  UnpackOptions options;
  options.spool = spool;
  options.wanted = wanted_;
  options.only_read = state_.task.restore.drill;
  options.digest = state_.archive->common_hash();
  ArchiveUnpacker::Handlers handlers;
  handlers.volume_wanted = on_loop([this](uint32_t number) { read_volume(number); });
  handlers.batch_ready = on_loop([this](const std::string& batch) { upload_batch(batch); });
  handlers.pipe_wanted = on_loop([this](const UnpackedFile& file) { upload_large(file); });
  handlers.pipe_filled = on_loop([this] {
    if (feeding_ != nullptr) feeding_->runner->end_input();
    feeding_ = nullptr;
  });
  handlers.problem =
      on_loop([this](const std::string& path, const std::string& text) { problem(path, text); });
  handlers.file = [this](const UnpackedFile& file, const std::string& digest) {
    remember(file, digest);
  };
  handlers.ended = on_loop([this](const Status& status) { unpacked(status); });
  unpacker_ =
      std::make_unique<ArchiveUnpacker>(version().volumes, std::move(options), std::move(handlers));
  unpacker_runs_ = true;
  tick_.start_repeating(kShowEvery, [this] { show(); });
  unpacker_->start();
}

// On the unpacker's thread, which has ended before anybody reads them.
void RestoreStep::remember(const UnpackedFile& file, const std::string& digest) {
  RemoteEntry entry;
  entry.path = local_name_bytes(file.path);
  entry.size = file.size;
  if (const auto kind = state_.archive->common_hash())
    entry.hashes[std::string(to_string(*kind))] = digest;
  state_.archive->unpacked->add(entry);
}

RestoreStep::Process& RestoreStep::run(ProcessPlan plan, Done done) {
  processes_.remove_if([](const Process& old) { return !old.runs; });
  Process& process = processes_.emplace_back();
  process.runner = std::make_unique<ProcessRunner>(
      state_, std::move(plan), [this, &process, done = std::move(done)](const ProcessEnd& how) {
        process.runs = false;
        if (feeding_ == &process) feeding_ = nullptr;
        StepEnd end = judge_process(how);
        if (verdict_) return settle();
        if (how.start_error || how.stopped || !is_good(end.outcome)) return give_up(std::move(end));
        // Soon, so that who starts the next process does not destroy this one.
        state_.context.loop.post([alive = std::weak_ptr(alive_), done, end] {
          const std::shared_ptr<bool> still = alive.lock();
          if (still && *still) done(end);
        });
      });
  process.runner->begin();
  return process;
}

std::vector<std::string> RestoreStep::upload_flags() const {
  return {"--transfers", std::to_string(state_.spec.options.transfers)};
}

void RestoreStep::read_volume(uint32_t number) {
  if (verdict_) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return give_up(start_failure(errno_error(errno, "make a pipe")));
  UniqueFd ours(ends[0]);
  ProcessPlan plan = archive_process(
      state_, "cat", "cat", {below_place(stored(), volume_name(version().archive, number))}, {});
  plan.output.reset(ends[1]);
  fcntl(ours.get(), F_SETPIPE_SZ, kPipeBytes);
  run(std::move(plan), [](const StepEnd&) {});
  unpacker_->provide_volume(std::move(ours));
}

void RestoreStep::upload_batch(const std::string& directory) {
  if (verdict_) return;
  std::vector<std::string> flags = upload_flags();
  flags.insert(flags.end(), {"--ignore-times", "--create-empty-src-dirs"});
  ProcessPlan plan = archive_process(state_, "files", "copy",
                                     {directory, state_.config.destination}, std::move(flags));
  plan.verb = RcloneVerb::copy;
  run(std::move(plan), [this, directory](const StepEnd&) {
    (void)remove_tree(directory);  // what stays goes with the run's directory
    unpacker_->batch_done();
  });
}

void RestoreStep::upload_large(const UnpackedFile& file) {
  if (verdict_) return;
  large_ = file;
  std::vector<std::string> flags = upload_flags();
  flags.insert(flags.end(), {"--size", std::to_string(file.size)});
  ProcessPlan plan =
      archive_process(state_, "large", "rcat", {target(file.path)}, std::move(flags));
  plan.feed_input = true;
  plan.on_started = [this] {
    feeding_ = &processes_.back();
    UniqueFd pipe(fcntl(feeding_->runner->input(), F_DUPFD_CLOEXEC, 0));
    if (pipe) return unpacker_->provide_pipe(std::move(pipe));
    give_up(start_failure(errno_error(errno, "duplicate a pipe")));
  };
  run(std::move(plan), [this](const StepEnd&) { set_time(large_); });
}

// A stream carries no time. Where the destination cannot set one, the file is good without.
void RestoreStep::set_time(const UnpackedFile& file) {
  std::string time = manifest_time(file.mtime_ns);
  time.pop_back();  // the zone, which rclone takes for granted
  ProcessPlan plan = archive_process(state_, "time", "touch", {target(file.path)},
                                     {"--timestamp", time, "--no-create"});
  plan.verb = RcloneVerb::list;
  run(std::move(plan), [this](const StepEnd&) { unpacker_->batch_done(); });
}

void RestoreStep::problem(const std::string& path, const std::string& text) {
  ++problems_;
  const std::string line = clean_line(fmt::format("{}: {}", path, text));
  if (state_.report.failing_paths.size() >= kMaxReported) return;
  state_.report.failing_paths.push_back(line);
  state_.note("error", "Not restored: " + line);
}

void RestoreStep::unpacked(const Status& status) {
  unpacker_runs_ = false;
  if (verdict_) return settle();
  state_.files = unpacker_->files();
  state_.bytes = unpacker_->bytes();
  state_.errors = problems_;
  if (status) {
    StepEnd end;
    if (problems_ > 0) {
      end.outcome = Outcome::warning;
      end.error_class = ErrorClass::integrity;
      end.deciding_line = state_.report.failing_paths.front();
      end.hint = "Not everything was restored: " + end.deciding_line;
    }
    return give_up(std::move(end));
  }
  // A process that still runs, or has just ended, may know better.
  const bool corrupt = status.error().code == ErrorCode::corrupt;
  StepEnd end = start_failure(status.error());
  if (corrupt) end.error_class = ErrorClass::integrity;
  end.retry = !corrupt;
  end.never_started = false;
  give_up(std::move(end));
}

void RestoreStep::give_up(StepEnd end) {
  if (!verdict_) verdict_ = std::move(end);
  for (Process& process : processes_)
    if (process.runs && process.runner) process.runner->stop(StopReason::shutdown);
  if (unpacker_runs_) unpacker_->interrupt();
  settle();
}

void RestoreStep::settle() {
  if (unpacker_runs_ || !*alive_) return;
  for (const Process& process : processes_)
    if (process.runs) return;
  tick_.cancel();
  show();
  *alive_ = false;
  state_.host.ended(std::move(*verdict_));
}

void RestoreStep::extend(Instant kill_at) {
  if (looking_) features_->extend(kill_at);
  for (Process& process : processes_)
    if (process.runs) process.runner->extend(kill_at);
}

void RestoreStep::stop(StopReason reason) {
  if (looking_) return features_->stop(reason);
  if (verdict_) return;
  give_up(stopped_end(reason));
}

void RestoreStep::show() {
  StatsRecord stats;
  stats.bytes = static_cast<int64_t>(unpacker_->bytes());
  stats.total_bytes = static_cast<int64_t>(std::max(version().bytes, unpacker_->bytes()));
  stats.transfers = static_cast<int64_t>(unpacker_->files());
  stats.total_transfers = static_cast<int64_t>(std::max(version().files, unpacker_->files()));
  stats.errors = static_cast<int64_t>(problems_);
  progress_.on_stats(stats, now());
  for (Process& process : processes_)
    if (process.runs) process.runner->moved(progress_.stalled_since());
  state_.host.show(progress_.snapshot(now()), false);
}

}  // namespace

std::unique_ptr<Step> make_archive_restore_step(AttemptState& state,
                                                std::function<bool(std::string_view path)> wanted) {
  return std::make_unique<RestoreStep>(state, std::move(wanted));
}

}  // namespace dray::worker
