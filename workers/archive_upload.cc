#include "workers/archive_upload.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "schemas/rclone_flags.h"
#include "workers/remote_listing.h"

namespace dray::worker {

struct ArchiveUpload::Impl {
  Impl(AttemptState& state_in, Handlers handlers_in)
      : state(state_in), handlers(std::move(handlers_in)) {}

  Result<ProcessPlan> plan(uint32_t number);
  void begin(uint32_t number);
  void started();
  void finish(const ProcessEnd& how);
  void give_up(StepEnd end);

  AttemptState& state;
  Handlers handlers;
  std::unique_ptr<ProcessRunner> runner;
  std::unique_ptr<ProcessRunner> before;  // its `done` may be on the stack
  bool running = false;
  bool failed = false;
  std::optional<StepEnd> verdict;  // ours, instead of the process's
  std::optional<StopReason> stopped;
  std::optional<Volume> complete;  // in the pipe as a whole
  std::optional<uint32_t> waiting;
};

Result<ProcessPlan> ArchiveUpload::Impl::plan(uint32_t number) {
  const ArchiveRun& run = *state.archive;
  const std::string part = fmt::format("{}B", run.cut.part_bytes);
  std::vector<std::string> flags{"--s3-chunk-size", part};
  // Azure takes 50,000 parts of at most 100 MiB, so the same size is safe there.
  flags.insert(flags.end(), {"--azureblob-chunk-size", part});
  // What the destination holds is compared with our own hash afterwards. rclone's, which it would
  // compute twice for a disk, cost more time than everything else that it does.
  if (run.common_hash()) flags.emplace_back("--ignore-checksum");
  for (const std::string& flag : state.spec.options.flags) {
    DRAY_TRY(check_rclone_flag(flag, state.context.allow_flags));
    flags.push_back(flag);
  }
  ProcessPlan plan =
      archive_process(state, fmt::format("volume-{}", number), "rcat",
                      {below_place(archive_place(state), run.names.volume(number))}, flags);
  plan.feed_input = true;
  plan.on_started = [this] { started(); };
  return plan;
}

void ArchiveUpload::Impl::begin(uint32_t number) {
  Result<ProcessPlan> made = plan(number);
  if (!made) return give_up(start_failure(made.error()));
  state.archive->begun = true;
  complete.reset();
  before = std::move(runner);
  runner = std::make_unique<ProcessRunner>(state, std::move(*made),
                                           [this](const ProcessEnd& how) { finish(how); });
  running = true;
  runner->begin();
}

void ArchiveUpload::Impl::started() {
  UniqueFd pipe(fcntl(runner->input(), F_DUPFD_CLOEXEC, 0));
  if (pipe) return handlers.provide(std::move(pipe));
  verdict = start_failure(errno_error(errno, "duplicate a pipe"));
  runner->stop(StopReason::shutdown);
}

void ArchiveUpload::Impl::finish(const ProcessEnd& how) {
  running = false;
  if (verdict) return give_up(std::move(*verdict));
  if (stopped) return give_up(stopped_end(*stopped));
  StepEnd end = judge_process(how);
  if (how.start_error || !is_good(end.outcome)) return give_up(std::move(end));
  if (!complete)
    return give_up(
        archive_failure(ErrorClass::unknown, true, "The upload ended before all of it was sent."));
  state.archive->volumes.push_back(*complete);
  handlers.uploaded();
  if (waiting) begin(*std::exchange(waiting, std::nullopt));
}

void ArchiveUpload::Impl::give_up(StepEnd end) {
  failed = true;
  handlers.failed(std::move(end));
}

ArchiveUpload::ArchiveUpload(AttemptState& state, Handlers handlers)
    : impl_(std::make_unique<Impl>(state, std::move(handlers))) {}
ArchiveUpload::~ArchiveUpload() = default;

void ArchiveUpload::begin_volume(uint32_t number) {
  if (impl_->failed || impl_->stopped) return;
  if (impl_->running) {
    impl_->waiting = number;
  } else {
    impl_->begin(number);
  }
}

void ArchiveUpload::end_volume(const Volume& volume) {
  if (!impl_->running || impl_->stopped) return;
  impl_->complete = volume;
  impl_->runner->end_input();
}

bool ArchiveUpload::busy() const {
  return impl_->running;
}
void ArchiveUpload::moved(Instant since) {
  if (impl_->running) impl_->runner->moved(since);
}
void ArchiveUpload::extend(Instant kill_at) {
  if (impl_->running) impl_->runner->extend(kill_at);
}
void ArchiveUpload::stop(StopReason reason) {
  impl_->stopped = reason;
  impl_->waiting.reset();
  if (impl_->running) impl_->runner->stop(reason);
}

}  // namespace dray::worker
