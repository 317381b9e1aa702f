#include "workers/validation_step.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "daemon/base/text.h"
#include "workers/check_report.h"
#include "workers/clean_text.h"
#include "workers/exit_judge.h"
#include "workers/file_selection.h"
#include "workers/path_sample.h"
#include "workers/process_runner.h"
#include "workers/remote_listing.h"
#include "workers/run_directory.h"
#include "workers/validation_grade.h"

namespace dray::worker {
namespace {

// Differing files that are looked at once more; what is beyond counts as different.
constexpr size_t kMaxRechecked = 10'000;
constexpr size_t kExcerptPaths = 10;
constexpr size_t kExcerptPathBytes = 200;

bool is_crypt(const AttemptState& state) {
  const auto& remotes = state.spec.remotes;
  const auto found = std::ranges::find(remotes, state.spec.destination.remote, &SealedRemote::name);
  return state.policy.encryption || (found != remotes.end() && found->type == "crypt");
}

// The comparison ended early: what it said until then proves nothing about the rest.
bool stands_in_the_way(ErrorClass error_class) {
  static constexpr ErrorClass kClasses[] = {
      ErrorClass::auth,  ErrorClass::config, ErrorClass::usage,     ErrorClass::network,
      ErrorClass::quota, ErrorClass::limit,  ErrorClass::resources, ErrorClass::crash,
  };
  return std::ranges::find(kClasses, error_class) != std::end(kClasses);
}

std::string_view mark(CheckLine::Kind kind) {
  switch (kind) {
    case CheckLine::Kind::missing:
      return "missing in the destination: ";
    case CheckLine::Kind::surplus:
      return "missing in the source: ";
    case CheckLine::Kind::unreadable:
      return "unreadable: ";
    case CheckLine::Kind::differs:
      break;
  }
  return "different: ";
}

class ValidationStep final : public Step {
 public:
  ValidationStep(AttemptState& state, ValidationMode mode, bool one_way)
      : state_(state), one_way_(one_way), lines_(kMaxRechecked) {
    report_.mode = mode;
  }

  void begin() override {
    started_ = now();
    progress_.start(started_);
    if (report_.mode == ValidationMode::sample) return take_sample();
    compare();
  }
  void extend(Instant kill_at) override {
    if (listing_) return listing_->extend(kill_at);
    if (runner_) runner_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (listing_) return listing_->stop(reason);
    if (runner_) runner_->stop(reason);
  }

 private:
  Instant now() const { return state_.context.clock.now().mono; }
  std::string list_path() const { return state_.paths.directory + "/compared"; }
  std::string recheck_path() const { return state_.paths.directory + "/different"; }

  // ── A sample ──
  void take_sample() {
    Result<std::vector<std::string>> flags = selection_flags(state_);
    if (!flags) return finish(start_failure(flags.error()));
    sample_.emplace(state_.policy.validation.sample_percent, state_.token.run.value);
    ListingWanted wanted;
    wanted.label = "sample";
    wanted.remote = state_.config.source;
    wanted.mtimes = false;
    wanted.flags = std::move(*flags);
    listing_ = std::make_unique<RemoteListing>(
        state_, std::move(wanted), [this](const RemoteEntry& entry) { sample_->offer(entry.path); },
        [this](const ListingEnd& end) { sampled(end); });
    listing_->begin();
  }
  void sampled(const ListingEnd& end) {
    ended_listing_ = std::move(listing_);
    if (!is_good(end.step.outcome)) return could_not(end.step);
    sample_->finish();
    if (sample_->empty()) return conclude();
    if (const Status written = write_private_file(list_path(), sample_->list()); !written)
      return finish(start_failure(written.error()));
    compare();
  }

  // ── The comparison ──
  void compare() {
    Result<ProcessPlan> plan = make_plan();
    if (!plan) return finish(start_failure(plan.error()));
    ended_runner_ = std::move(runner_);
    runner_ = std::make_unique<ProcessRunner>(state_, std::move(*plan),
                                              [this](const ProcessEnd& end) { compared(end); });
    runner_->begin();
  }
  bool by_cryptcheck() const {
    return report_.mode == ValidationMode::hash && is_crypt(state_) && !no_hashes_;
  }
  Result<std::vector<std::string>> flags() {
    std::vector<std::string> flags{"--combined", "-"};
    if (one_way_) flags.emplace_back("--one-way");
    if (report_.mode == ValidationMode::size || no_hashes_) flags.emplace_back("--size-only");
    if (report_.mode == ValidationMode::download || report_.mode == ValidationMode::sample)
      flags.emplace_back("--download");
    if (report_.mode == ValidationMode::sample) {
      flags.insert(flags.end(), {"--files-from-raw", list_path()});
    } else {
      DRAY_TRY_ASSIGN(const std::vector<std::string> chosen, selection_flags(state_));
      flags.insert(flags.end(), chosen.begin(), chosen.end());
    }
    const TransferOptions& options = state_.spec.options;
    flags.insert(flags.end(), {"--checkers", std::to_string(options.checkers), "--transfers",
                               std::to_string(options.transfers)});
    return flags;
  }
  Result<ProcessPlan> make_plan() {
    ProcessPlan plan;
    DRAY_TRY_ASSIGN(const std::vector<std::string> flags, this->flags());
    report_.tool = by_cryptcheck() ? "cryptcheck" : "check";
    const std::string places[] = {state_.config.source, state_.places.objects};
    plan.argv = step_argv(state_.context.rclone, report_.tool, places, state_.paths, flags);
    if (report_.mode == ValidationMode::download || report_.mode == ValidationMode::sample)
      report_.tool = "download";
    plan.label = fmt::format("run-{}-{}-check", state_.token.run, state_.token.attempt);
    plan.environment = rclone_environment(state_.paths);
    plan.verb = RcloneVerb::check;
    plan.stall = seconds{state_.spec.options.stall_seconds};
    plan.capture_output = true;
    plan.on_output = [this](std::span<const char> bytes) { lines_.feed(bytes); };
    plan.on_stats = [this](const StatsRecord& stats) {
      progress_.on_stats(stats, now());
      runner_->moved(progress_.stalled_since());
      show(stats);
    };
    return plan;
  }
  void show(const StatsRecord& stats) {
    Progress progress = progress_.snapshot(now());
    progress.phase = Phase::validating;
    if (stats.total_checks > 0)
      progress.percent = 100.0 * static_cast<double>(stats.checks) /
                         static_cast<double>(std::max(stats.checks, stats.total_checks));
    state_.host.show(progress, false);
  }

  void compared(const ProcessEnd& end) {
    lines_.finish();
    StepEnd judged = judge_process(end);
    if (end.start_error || end.stopped || end.by_deadline || end.evidence.signal != 0)
      return finish(std::move(judged));
    exit_code_ = end.evidence.exit_code;
    if (!is_good(judged.outcome) && lines_.same() + lines_.not_same() == 0 && by_cryptcheck() &&
        end.evidence.final_text.find("does not support any hashes") != std::string::npos) {
      no_hashes_ = true;
      return compare();
    }
    const bool only_differences = lines_.not_same() > 0 && !stands_in_the_way(judged.error_class);
    if (!is_good(judged.outcome) && !only_differences) {
      if (judged.error_class == ErrorClass::not_found && state_.files + state_.checks == 0)
        return conclude();  // neither side holds anything
      return could_not(std::move(judged));
    }
    take_counts(end.evidence);
    if (one_way_ && lines_.differs() + lines_.missing() > 0) return look_again();
    conclude();
  }
  void take_counts(const RunEvidence& evidence) {
    const uint64_t both = lines_.same() + lines_.differs();
    const int64_t unchecked = evidence.checks[static_cast<size_t>(CheckCount::unchecked_hashes)];
    if (report_.mode == ValidationMode::hash) {
      report_.not_comparable = static_cast<uint64_t>(std::max<int64_t>(unchecked, 0));
      if (no_hashes_ || (evidence.no_common_hash && report_.not_comparable == 0))
        report_.not_comparable = lines_.same();
    }
    report_.not_comparable = std::min(report_.not_comparable, lines_.same());
    report_.compared = both - report_.not_comparable;
    report_.differences = lines_.differs();
    report_.missing = lines_.missing() + lines_.surplus();
    report_.unreadable = lines_.unreadable();
    if (!one_way_) state_.checks = both;
  }

  // ── Did the source change since? ──
  void look_again() {
    std::string list;
    for (const CheckLine& line : lines_.lines())
      if (fits_path_list(line.path)) list += line.path + '\n';
    if (const Status written = write_private_file(recheck_path(), list); !written)
      return finish(start_failure(written.error()));
    ListingWanted wanted;
    wanted.label = "again";
    wanted.remote = state_.config.source;
    wanted.server_mtimes = has_stored_times(state_.spec, state_.spec.source.remote);
    wanted.flags = {"--files-from-raw", recheck_path()};
    listing_ = std::make_unique<RemoteListing>(
        state_, std::move(wanted), [this](const RemoteEntry& entry) { fresh_[entry.path] = entry; },
        [this](const ListingEnd& end) { looked_again(end); });
    listing_->begin();
  }
  bool changed_since(const std::string& path) const {
    const auto fresh = fresh_.find(path);
    if (fresh == fresh_.end()) return true;  // gone
    const RemoteEntry& entry = fresh->second;
    if (!state_.source_before || !state_.source_before->covers(path))
      return entry.mtime >= state_.started;
    const PathSet::Entry* before = state_.source_before->find(path);
    return before == nullptr || before->size != entry.size ||
           before->mtime_us != to_unix_us(entry.mtime);
  }
  void looked_again(const ListingEnd& end) {
    ended_listing_ = std::move(listing_);
    if (end.step.outcome == Outcome::cancelled) return finish(end.step);
    // Without an answer every difference stays one.
    if (is_good(end.step.outcome) && !end.absent) {
      for (const CheckLine& line : lines_.lines()) {
        if (line.kind == CheckLine::Kind::unreadable || !changed_since(line.path)) continue;
        changed_.insert(line.path);
        ++report_.source_changed;
        --(line.kind == CheckLine::Kind::differs ? report_.differences : report_.missing);
      }
    }
    conclude();
  }

  // ── The end ──
  void write_excerpt() {
    for (const CheckLine& line : lines_.lines()) {
      if (state_.report.failing_paths.size() >= kExcerptPaths) return;
      if (changed_.contains(line.path)) continue;
      const std::string path = clean_line(line.path, kExcerptPathBytes);
      if (!report_.excerpt.empty()) report_.excerpt += '\n';
      report_.excerpt += fmt::format("{}{}", mark(line.kind), path);
      state_.report.failing_paths.push_back(path);
    }
  }
  void conclude() {
    write_excerpt();
    grade(report_, state_.errors);
    StepEnd end = end_of_validation(state_.policy.validation, report_);
    end.exit_code = exit_code_;
    if (end.hint.empty() && report_.compared == 0) end.hint = "There was nothing to compare.";
    finish(std::move(end));
  }
  // No verdict about the copy: the comparison itself failed.
  void could_not(StepEnd why) {
    if (state_.policy.validation.on_failure == FailureAction::warn) why.outcome = Outcome::warning;
    why.hint = "The copy could not be validated: " + why.hint;
    finish(std::move(why));
  }
  void finish(StepEnd end) {
    state_.report.validation = {report_};
    state_.note("notice",
                fmt::format("validation: {}, {} compared, {} not comparable, {} "
                            "different, {} missing, {} changed in the source",
                            to_string(report_.grade), report_.compared, report_.not_comparable,
                            report_.differences, report_.missing, report_.source_changed));
    state_.host.ended(std::move(end));
  }

  AttemptState& state_;
  const bool one_way_;
  ValidationReport report_;
  CheckReport lines_;
  ProgressModel progress_;
  Instant started_{};
  bool no_hashes_ = false;
  int exit_code_ = -1;
  std::optional<PathSample> sample_;
  std::map<std::string, RemoteEntry> fresh_;
  std::set<std::string> changed_;
  std::unique_ptr<ProcessRunner> runner_;
  std::unique_ptr<ProcessRunner> ended_runner_;  // their `done` may be on the stack
  std::unique_ptr<RemoteListing> listing_;
  std::unique_ptr<RemoteListing> ended_listing_;
};

}  // namespace

bool needs_validation(const AttemptState& state) {
  const bool comparable = state.spec.kind == JobKind::sync || state.spec.kind == JobKind::copy;
  return comparable && !state.spec.dry_run && state.policy.validation.mode != ValidationMode::none;
}

std::unique_ptr<Step> make_validation_step(AttemptState& state) {
  return std::make_unique<ValidationStep>(state, state.policy.validation.mode, true);
}

std::unique_ptr<Step> make_check_step(AttemptState& state) {
  const ValidationMode mode = state.policy.validation.mode;
  return std::make_unique<ValidationStep>(
      state, mode == ValidationMode::none ? ValidationMode::hash : mode, false);
}

}  // namespace dray::worker
