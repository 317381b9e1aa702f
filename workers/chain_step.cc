#include "workers/chain_step.h"

#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray::worker {

ChainStep::~ChainStep() = default;

void ChainStep::begin() {
  go_on([this] { return begin_chain(); });
}

void ChainStep::extend(Instant kill_at) {
  if (runner_) runner_->extend(kill_at);
  if (listing_) listing_->extend(kill_at);
}

void ChainStep::stop(StopReason reason) {
  if (over_) return;
  if (runner_) return runner_->stop(reason);
  if (listing_) return listing_->stop(reason);
  finish(stopped_end(reason));
}

void ChainStep::go_on(const std::function<Status()>& then) {
  ++depth_;
  const Status status = then();
  --depth_;
  if (!status) fail_with(status.error());
}

void ChainStep::run(Command command, std::function<Status(const ProcessEnd&)> then,
                    Tolerate tolerate) {
  ProcessPlan plan;
  plan.label = fmt::format("run-{}-{}-{}", state_.token.run, state_.token.attempt, command.label);
  plan.argv =
      step_argv(state_.context.rclone, command.verb, command.operands, state_.paths, command.flags);
  plan.environment = rclone_environment(state_.paths);
  plan.verb = command.kind;
  plan.stall = seconds{state_.spec.options.stall_seconds};
  plan.on_stats = [this, on_stats = std::move(command.on_stats)](const StatsRecord& stats) {
    moving_.on_stats(stats, state_.context.clock.now().mono);
    runner_->moved(moving_.stalled_since());
    if (on_stats) on_stats(stats);
  };
  const auto done = [this, then = std::move(then),
                     tolerate = std::move(tolerate)](const ProcessEnd& end) {
    // One that could not even be started ends within another's end.
    if (depth_ == 0) old_runners_.clear();
    old_runners_.push_back(std::move(runner_));
    StepEnd step = judge_process(end);
    const bool whole = !end.start_error && !end.stopped && !end.by_deadline;
    if (!is_good(step.outcome) && !(whole && tolerate && tolerate(end, step)))
      return finish(std::move(step));
    go_on([&] { return then(end); });
  };
  moving_ = ProgressModel();
  moving_.start(state_.context.clock.now().mono);
  runner_ = std::make_unique<ProcessRunner>(state_, std::move(plan), done);
  runner_->begin();
}

void ChainStep::list(ListingWanted wanted, EntrySink sink,
                     std::function<Status(const ListingEnd&)> then) {
  const auto done = [this, then = std::move(then)](const ListingEnd& end) {
    if (depth_ == 0) old_listings_.clear();
    old_listings_.push_back(std::move(listing_));
    if (!is_good(end.step.outcome)) return finish(end.step);
    go_on([&] { return then(end); });
  };
  listing_ = std::make_unique<RemoteListing>(state_, std::move(wanted), std::move(sink), done);
  listing_->begin();
}

void ChainStep::finish(StepEnd end) {
  if (over_) return;
  over_ = true;
  state_.host.ended(std::move(end));
}

void ChainStep::fail_with(const Error& error, ErrorClass error_class) {
  StepEnd end = start_failure(error);
  end.never_started = false;
  if (error.code == ErrorCode::corrupt) error_class = ErrorClass::integrity;
  if (end.error_class != ErrorClass::config || error.code == ErrorCode::corrupt)
    end.error_class = error_class;
  finish(std::move(end));
}

bool was_gone(const ProcessEnd& end, const StepEnd& step) {
  return end.evidence.exit_code == 3 || end.evidence.exit_code == 4 ||
         step.error_class == ErrorClass::not_found;
}

}  // namespace dray::worker
