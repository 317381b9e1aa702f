#include "workers/restore_step.h"

#include <algorithm>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "workers/chain_step.h"
#include "workers/exit_judge.h"
#include "workers/manifest.h"
#include "workers/path_glob.h"
#include "workers/restore_plan.h"
#include "workers/version_math.h"

namespace dray::worker {
namespace {

// Below the store, where no run of the job ever writes; the job's runs follow each other, so all of
// it is a drill's that ended.
constexpr std::string_view kDrillDir = "drill";
// A mirror has nothing but its destination. What a killed drill left there is no part of the copy.
constexpr std::string_view kMirrorDrillDir = ".dray-drill";

std::string drill_place(const AttemptState& state) {
  if (state.places.store.empty()) return below_place(state.places.objects, kMirrorDrillDir);
  return below_place(state.places.store, kDrillDir);
}

// ── What goes where ─────────────────────────────────────────────────────────────────────────────

class RestorePlanStep final : public ChainStep {
 public:
  explicit RestorePlanStep(AttemptState& state)
      : ChainStep(state),
        task_(state.task.restore),
        held_(state.paths.directory + "/held"),
        objects_(state.paths.directory + "/objects") {}

 private:
  std::string manifest() { return state().paths.directory + "/manifest.jsonl.zst"; }

  Status begin_chain() override {
    state().restore = std::make_shared<RestorePlan>();
    state().restore->to =
        task_.drill ? below_place(drill_place(state()), fmt::format("{}", state().token.run))
                    : state().restore_to;
    if (task_.version.manifest.empty()) return list_newest();
    run({.label = "manifest",
         .verb = "copyto",
         .operands = {below_place(state().places.store, task_.version.manifest), manifest()}},
        [this](const ProcessEnd&) { return list_held(); });
    return {};
  }

  // No state but the newest is kept: what lies there is taken as it is.
  Status list_newest() {
    ListingWanted wanted;
    wanted.label = "list";
    wanted.remote = state().places.objects;
    wanted.mtimes = false;
    list(
        std::move(wanted),
        [this](const RemoteEntry& entry) {
          if (entry.path.starts_with(fmt::format("{}/", kMirrorDrillDir))) return;
          objects_.add(entry);
          ++newest_files_;
        },
        [this](const ListingEnd&) -> Status {
          DRAY_TRY_ASSIGN(const std::unique_ptr<EntrySource> sorted, objects_.sorted());
          return plan(*sorted);
        });
    return {};
  }

  Status list_held() {
    // A store of objects has no error for what is not there.
    if (!path_exists(manifest()))
      return fail(ErrorCode::corrupt, "the manifest {} is no longer in the destination",
                  quoted(task_.version.manifest));
    ListingWanted wanted;
    wanted.label = "versions";
    wanted.remote = below_place(state().places.store, kVersionsDir);
    wanted.mtimes = false;
    list(
        std::move(wanted),
        [this](const RemoteEntry& entry) {
          if (const auto held = held_entry(entry)) held_.add(*held);
        },
        [this](const ListingEnd&) -> Status {
          DRAY_TRY_ASSIGN(const std::unique_ptr<ManifestReader> names,
                          ManifestReader::open(manifest()));
          return plan(*names);
        });
    return {};
  }

  Status plan(EntrySource& names) {
    RestorePlan& plan = *state().restore;
    RestorePartWriter writer(state().paths.directory, state().places.objects,
                             below_place(state().places.store, kVersionsDir));
    RestoreSample sample(state().token.run.value,
                         RestoreSample::size_for(std::max(task_.version.files, newest_files_),
                                                 task_.sample_percent));
    Status first;
    DRAY_TRY_ASSIGN(const std::unique_ptr<EntrySource> sorted, held_.sorted());
    HeldPaths held(*sorted);
    DRAY_TRY(plan_restore(names, held, task_.version.run,
                          [&](const RemoteEntry& entry, const std::optional<VersionDir>& place) {
                            if (!path_matches(task_.pattern, entry.path)) {
                              ++plan.passed_over;
                            } else if (task_.sample_percent > 0) {
                              sample.add(entry, place);
                            } else if (first) {
                              first = writer.add(entry, place);
                            }
                          }));
    DRAY_TRY(std::move(first));
    for (const auto& [hash, chosen] : sample.chosen())
      DRAY_TRY(writer.add(chosen.entry, chosen.place));
    DRAY_TRY_ASSIGN(plan.parts, writer.finish());
    for (const RestorePart& part : plan.parts) {
      plan.files += part.files;
      plan.bytes += part.bytes;
    }
    conclude();
    return {};
  }

  void conclude() {
    const RestorePlan& plan = *state().restore;
    StepEnd end;
    if (plan.files == 0 && plan.passed_over > 0) {
      end.outcome = Outcome::failed;
      end.error_class = ErrorClass::not_found;
      end.hint = fmt::format("None of the {} files of that state matches {}.", plan.passed_over,
                             quoted(task_.pattern));
    }
    state().note("info", fmt::format("restoring {} files ({} bytes) from {} places", plan.files,
                                     plan.bytes, plan.parts.size()));
    finish(std::move(end));
  }

  const RestoreTask& task_;
  EntrySorter held_;
  EntrySorter objects_;
  uint64_t newest_files_ = 0;  // in it
};

// ── Copying ─────────────────────────────────────────────────────────────────────────────────────

std::vector<std::string> part_flags(const AttemptState& state, const RestorePart& part) {
  return {"--files-from-raw", part.list, "--checkers",
          std::to_string(std::max<uint32_t>(state.spec.options.checkers, 16))};
}

class RestoreCopyStep final : public ChainStep {
 public:
  using ChainStep::ChainStep;

 private:
  Status begin_chain() override { return next(); }

  Status next() {
    const RestorePlan& plan = *state().restore;
    if (at_ == plan.parts.size()) {
      StepEnd end;
      if (state().files == 0) end.outcome = Outcome::nothing_to_do;
      finish(std::move(end));
      return {};
    }
    const RestorePart& part = plan.parts[at_];
    Command command{.label = fmt::format("restore-{}", at_ + 1),
                    .verb = "copy",
                    .operands = {part.from, plan.to},
                    .flags = part_flags(state(), part)};
    command.flags.insert(command.flags.end(),
                         {"--transfers", std::to_string(state().spec.options.transfers)});
    if (few(plan)) command.flags.emplace_back("--no-traverse");
    if (state().spec.dry_run) command.flags.emplace_back("--dry-run");
    command.on_stats = [this](const StatsRecord& stats) { show(stats); };
    run(
        std::move(command),
        [this](const ProcessEnd& end) {
          const Judgement judgement = judge(end.evidence);
          state().bytes += static_cast<uint64_t>(std::max<int64_t>(judgement.bytes, 0));
          state().files += static_cast<uint64_t>(std::max<int64_t>(judgement.files, 0));
          ++at_;
          return next();
        },
        // Files that are there already, or gone: the comparison tells them apart.
        [](const ProcessEnd& end, const StepEnd&) { return end.evidence.exit_code == 0; });
    return {};
  }

  // Looking files up one by one costs two requests for each, listing some for each directory.
  bool few(const RestorePlan& plan) {
    return state().task.restore.sample_percent > 0 || plan.passed_over > plan.files;
  }

  void show(const StatsRecord& stats) {
    const RestorePlan& plan = *state().restore;
    Progress progress;
    progress.phase = Phase::transferring;
    progress.bytes_done = static_cast<int64_t>(state().bytes) + stats.bytes;
    progress.bytes_total = static_cast<int64_t>(plan.bytes);
    progress.files_done = static_cast<int64_t>(state().files) + stats.transfers;
    progress.files_total = static_cast<int64_t>(plan.files);
    progress.bytes_per_second = static_cast<int64_t>(stats.speed);
    progress.totals_are_lower_bounds = false;
    const auto part = [](int64_t done, int64_t all) {
      return all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 1.0;
    };
    progress.percent = std::min(100.0, 50 * part(progress.bytes_done, progress.bytes_total) +
                                           50 * part(progress.files_done, progress.files_total));
    if (progress.bytes_per_second > 0)
      progress.eta_seconds = std::max<int64_t>(progress.bytes_total - progress.bytes_done, 0) /
                             progress.bytes_per_second;
    state().host.show(progress, false);
  }

  size_t at_ = 0;
};

// ── Comparing ───────────────────────────────────────────────────────────────────────────────────

uint64_t count(const RunEvidence& evidence, CheckCount kind) {
  return static_cast<uint64_t>(std::max<int64_t>(evidence.checks[static_cast<size_t>(kind)], 0));
}

class RestoreCheckStep final : public ChainStep {
 public:
  using ChainStep::ChainStep;

 private:
  Status begin_chain() override {
    report_.mode = ValidationMode::hash;
    report_.tool = "check";
    return next();
  }

  Status next() {
    const RestorePlan& plan = *state().restore;
    if (at_ == plan.parts.size()) return conclude();
    const RestorePart& part = plan.parts[at_];
    Command command{.label = fmt::format("check-{}", at_ + 1),
                    .verb = "check",
                    .operands = {part.from, plan.to},
                    .flags = part_flags(state(), part),
                    .kind = RcloneVerb::check};
    command.flags.emplace_back("--one-way");
    run(
        std::move(command), [this](const ProcessEnd& end) { return compared(end.evidence); },
        [](const ProcessEnd& end, const StepEnd&) { return end.evidence.has_check_summary; });
    return {};
  }

  Status compared(const RunEvidence& evidence) {
    const uint64_t matching = count(evidence, CheckCount::matching);
    report_.compared += matching;
    report_.not_comparable += count(evidence, CheckCount::unchecked_hashes);
    report_.differences += count(evidence, CheckCount::differences);
    const uint64_t looked_at = matching + count(evidence, CheckCount::differences);
    const uint64_t wanted = state().restore->parts[at_].files;
    // What lies on neither side is no difference to rclone.
    if (looked_at < wanted) report_.missing += wanted - looked_at;
    ++at_;
    return next();
  }

  Status conclude() {
    StepEnd end;
    const bool bad = report_.differences + report_.missing > 0;
    report_.grade = bad ? Grade::failed : report_.not_comparable > 0 ? Grade::size : Grade::hash;
    if (bad) {
      end.outcome = Outcome::failed;
      end.error_class = ErrorClass::integrity;
      end.hint = fmt::format(
          "{} restored files differ from what lies in the destination, {} files of that state are "
          "no longer there.",
          report_.differences, report_.missing);
    }
    state().report.validation = {report_};
    finish(std::move(end));
    return {};
  }

  size_t at_ = 0;
  ValidationReport report_;
};

// ── Cleaning up ─────────────────────────────────────────────────────────────────────────────────

class DrillCleanupStep final : public ChainStep {
 public:
  using ChainStep::ChainStep;

 private:
  Status begin_chain() override {
    run(
        {.label = "cleanup",
         .verb = "purge",
         .operands = {drill_place(state())},
         .kind = RcloneVerb::remove},
        [this](const ProcessEnd&) -> Status {
          finish(StepEnd{});
          return {};
        },
        was_gone);
    return {};
  }
};

}  // namespace

bool restores_objects(const AttemptState& state) {
  return state.spec.kind == JobKind::restore && state.task.restore.version.archive.empty();
}
bool checks_restore(const AttemptState& state) {
  return restores_objects(state) && !state.spec.dry_run;
}
bool is_drill(const AttemptState& state) {
  return restores_objects(state) && state.task.restore.drill;
}

std::unique_ptr<Step> make_restore_plan_step(AttemptState& state) {
  return std::make_unique<RestorePlanStep>(state);
}
std::unique_ptr<Step> make_restore_copy_step(AttemptState& state) {
  return std::make_unique<RestoreCopyStep>(state);
}
std::unique_ptr<Step> make_restore_check_step(AttemptState& state) {
  return std::make_unique<RestoreCheckStep>(state);
}
std::unique_ptr<Step> make_drill_cleanup_step(AttemptState& state) {
  return std::make_unique<DrillCleanupStep>(state);
}

}  // namespace dray::worker
