#include "workers/remote_listing.h"

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "workers/process_runner.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

std::vector<std::string> json_flags(const ListingWanted& wanted) {
  std::vector<std::string> flags{"-R", "--no-mimetype"};
  if (!wanted.directories) flags.emplace_back("--files-only");
  if (!wanted.mtimes) flags.emplace_back("--no-modtime");
  if (wanted.mtimes && wanted.server_mtimes) flags.emplace_back("--use-server-modtime");
  if (!wanted.hash_type.empty())
    flags.insert(flags.end(), {"--hash", "--hash-type", wanted.hash_type});
  return flags;
}

std::vector<std::string> plain_flags(const ListingWanted& wanted) {
  std::vector<std::string> flags{"-R", "--format", wanted.mtimes ? "tsp" : "ssp"};
  if (!wanted.directories) flags.emplace_back("--files-only");
  if (wanted.mtimes && wanted.server_mtimes) flags.emplace_back("--use-server-modtime");
  return flags;
}

}  // namespace

struct RemoteListing::Impl {
  Impl(AttemptState& state_in, ListingWanted wanted_in, EntrySink sink_in,
       std::function<void(ListingEnd)> done_in)
      : state(state_in),
        wanted(std::move(wanted_in)),
        sink(std::move(sink_in)),
        done(std::move(done_in)),
        exact([this](const RemoteEntry& entry) { take(entry); }),
        plain([this](const RemoteEntry& entry) { take(entry); }) {}

  void take(const RemoteEntry& entry);
  void start(std::string_view verb, std::vector<std::string> flags, ListingParser& parser);
  void listed(const ProcessEnd& how, ListingParser& parser);
  void conclude(StepEnd step);

  AttemptState& state;
  ListingWanted wanted;
  EntrySink sink;
  std::function<void(ListingEnd)> done;
  JsonListingParser exact;
  PlainListingParser plain;
  bool again = false;  // the second listing runs, for names that JSON cannot carry
  std::unique_ptr<ProcessRunner> runner;
  std::unique_ptr<ProcessRunner> ended;  // its `done` is on the stack
  ListingEnd end;
};

void RemoteListing::Impl::take(const RemoteEntry& entry) {
  if (entry.is_dir) {
    ++end.directories;
  } else {
    ++end.files;
    if (entry.size != RemoteEntry::kUnknownSize) end.bytes += entry.size;
  }
  sink(entry);
}

void RemoteListing::Impl::start(std::string_view verb, std::vector<std::string> flags,
                                ListingParser& parser) {
  const RunContext& context = state.context;
  flags.insert(flags.end(), wanted.flags.begin(), wanted.flags.end());
  ProcessPlan plan;
  plan.label = fmt::format("run-{}-{}-{}", state.token.run, state.token.attempt, wanted.label);
  plan.argv = step_argv(context.rclone, verb, {&wanted.remote, 1}, state.paths, flags);
  plan.environment = rclone_environment(state.paths);
  plan.environment.emplace_back("TZ=UTC");
  plan.verb = RcloneVerb::list;
  plan.stall = seconds{state.spec.options.stall_seconds};
  plan.capture_output = true;
  plan.on_output = [this, &parser](std::span<const char> bytes) {
    parser.feed(bytes);
    runner->moved(state.context.clock.now().mono);
  };
  ended = std::move(runner);
  runner = std::make_unique<ProcessRunner>(
      state, std::move(plan), [this, &parser](const ProcessEnd& how) { listed(how, parser); });
  runner->begin();
}

void RemoteListing::Impl::listed(const ProcessEnd& how, ListingParser& parser) {
  StepEnd step = judge_process(how);
  // Something that vanished in the middle is not the same as nothing there.
  const bool nothing = end.files + end.directories + exact.doubtful() == 0;
  if (!how.start_error && !how.stopped && nothing && step.error_class == ErrorClass::not_found) {
    end.absent = true;
    return conclude(StepEnd{});
  }
  if (!is_good(step.outcome)) return conclude(std::move(step));
  if (const Status complete = parser.finish(); !complete) {
    step = start_failure(complete.error());
    step.error_class = ErrorClass::integrity;
    step.never_started = false;
    return conclude(std::move(step));
  }
  if (!again && exact.doubtful() > 0) {
    again = true;
    return start("lsf", plain_flags(wanted), plain);
  }
  conclude(std::move(step));
}

void RemoteListing::Impl::conclude(StepEnd step) {
  end.step = std::move(step);
  done(std::move(end));
}

RemoteListing::RemoteListing(AttemptState& state, ListingWanted wanted, EntrySink sink,
                             std::function<void(ListingEnd)> done)
    : impl_(std::make_unique<Impl>(state, std::move(wanted), std::move(sink), std::move(done))) {}
RemoteListing::~RemoteListing() = default;

void RemoteListing::begin() {
  impl_->start("lsjson", json_flags(impl_->wanted), impl_->exact);
}
void RemoteListing::extend(Instant kill_at) {
  if (impl_->runner) impl_->runner->extend(kill_at);
}
void RemoteListing::stop(StopReason reason) {
  if (impl_->runner) impl_->runner->stop(reason);
}

std::string below_place(std::string_view place, std::string_view below) {
  if (below.empty()) return std::string(place);
  const bool joined = place.ends_with(':') || place.ends_with('/');
  return fmt::format("{}{}{}", place, joined ? "" : "/", below);
}

Result<std::vector<std::string>> filter_flags(AttemptState& state) {
  DRAY_TRY_ASSIGN(const std::string rules, filter_file(state.spec.options));
  if (rules.empty()) return std::vector<std::string>{};
  const std::string path = state.paths.filters();
  if (!path_exists(path)) DRAY_TRY(write_private_file(path, rules));
  return std::vector<std::string>{"--filter-from", path};
}

}  // namespace dray::worker
