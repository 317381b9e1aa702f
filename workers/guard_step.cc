#include "workers/guard_step.h"

#include <optional>

#include "daemon/base/text.h"
#include "schemas/json_text.h"
#include "workers/change_count.h"
#include "workers/file_selection.h"
#include "workers/process_runner.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

// What goes into an ordinary file system anywhere is not worth a question to the provider.
constexpr uint64_t kWorthAsking = 1 << 20;
// A place that is still to be made is asked for further up: destination, job, client.
constexpr int kRoomQuestions = 4;
constexpr size_t kMaxAnswer = 64 << 10;

class GuardStep final : public Step {
 public:
  explicit GuardStep(AttemptState& state)
      : state_(state),
        stored_source_(has_stored_times(state.spec, state.spec.source.remote)),
        stored_known_(has_stored_times(state.spec, state.spec.destination.remote)),
        count_(random_hash_key(), rules()) {}

  void begin() override {
    // What the source held before is what a comparison afterwards must find again.
    if (state_.policy.validation.mode != ValidationMode::none)
      state_.source_before = std::make_unique<PathSet>(random_hash_key());
    list_known();
  }
  void extend(Instant kill_at) override {
    if (about_) return about_->extend(kill_at);
    if (listing_) listing_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (about_) return about_->stop(reason);
    if (listing_) listing_->stop(reason);
  }

 private:
  // The time of storing is later than the file's own: it says nothing about a copy with the file's
  // own time.
  ChangeCount::Rules rules() const {
    return {.kind = state_.spec.kind,
            .compare_times = !stored_source_ || stored_known_,
            .keeps_replaced = state_.policy.layout == Layout::versioned};
  }

  void list(std::string_view label, const std::string& place, bool stored, bool filtered,
            EntrySink sink, void (GuardStep::*then)(ListingEnd)) {
    ListingWanted wanted;
    wanted.label = label;
    wanted.remote = place;
    wanted.server_mtimes = stored;
    Result<std::vector<std::string>> flags =
        filtered ? selection_flags(state_) : std::vector<std::string>{};
    if (!flags) return state_.host.ended(start_failure(flags.error()));
    wanted.flags = std::move(*flags);
    earlier_ = std::move(listing_);
    listing_ = std::make_unique<RemoteListing>(
        state_, std::move(wanted),
        [this, sink = std::move(sink)](const RemoteEntry& entry) {
          sink(entry);
          show();
        },
        [this, then](ListingEnd end) { (this->*then)(std::move(end)); });
    listing_->begin();
  }

  void list_known() {
    list(
        "known", state_.places.objects, stored_known_, !deletes_excluded(state_.spec.options),
        [this](const RemoteEntry& e) { count_.known(e.path, e.size, e.mtime); },
        &GuardStep::known_listed);
  }
  void known_listed(ListingEnd end) {
    if (!is_good(end.step.outcome)) return finish(std::move(end.step));
    count_.all_known();
    list(
        "source", state_.config.source, stored_source_, true,
        [this](const RemoteEntry& e) {
          count_.source(e.path, e.size, e.mtime);
          if (state_.source_before) state_.source_before->add(e.path, e.size, e.mtime);
        },
        &GuardStep::source_listed);
  }
  void source_listed(ListingEnd end) {
    if (state_.source_before) state_.source_before->finish();
    // The transfer says best what is wrong with a source that is not there.
    if (!is_good(end.step.outcome) || end.absent) return finish(std::move(end.step));
    GuardReport report = count_.counts();
    judge_changes(state_.policy.guard, state_.task.learned, state_.spec.kind, report);
    state_.report.guard = {report};
    state_.note("notice", fmt::format("guard: {} files known, {} in the source, {} to delete, {} "
                                      "to overwrite, {} new",
                                      report.known_files, report.source_files, report.deletes,
                                      report.overwrites, report.creates));
    if (report.held) return finish(held(report));
    if (count_.bytes_needed() < kWorthAsking) return finish({});
    ask_for_room(state_.places.objects);
  }
  static StepEnd held(const GuardReport& report) {
    StepEnd end;
    end.outcome = Outcome::held;
    end.error_class = ErrorClass::guard;
    end.hint = report.reason;
    return end;
  }

  void ask_for_room(std::string place) {
    ++questions_;
    room_place_ = std::move(place);
    answer_.clear();
    ProcessPlan plan;
    plan.label = fmt::format("run-{}-{}-room", state_.token.run, state_.token.attempt);
    const std::string flags[] = {"--json"};
    plan.argv = question_argv(state_.context.rclone, "about", room_place_, state_.paths, flags);
    plan.environment = rclone_environment(state_.paths);
    plan.verb = RcloneVerb::list;
    plan.capture_output = true;
    plan.on_output = [this](std::span<const char> bytes) {
      const size_t room = kMaxAnswer - answer_.size();
      answer_.append(bytes.data(), std::min(room, bytes.size()));
    };
    asked_ = std::move(about_);
    about_ = std::make_unique<ProcessRunner>(state_, std::move(plan),
                                             [this](const ProcessEnd& end) { room_told(end); });
    about_->begin();
  }
  // A remote that cannot tell is no reason to stop.
  void room_told(const ProcessEnd& end) {
    if (end.stopped || end.by_deadline) return finish(judge_process(end));
    const std::optional<uint64_t> free = free_bytes();
    const size_t slash = room_place_.rfind('/');
    const bool further_up = slash != std::string::npos && room_place_[slash - 1] != ':';
    if (!free && further_up && questions_ < kRoomQuestions &&
        judge_process(end).error_class == ErrorClass::not_found)
      return ask_for_room(room_place_.substr(0, slash));
    if (!free || *free >= count_.bytes_needed()) return finish({});
    StepEnd full;
    full.outcome = Outcome::failed;
    full.error_class = ErrorClass::storage_full;
    full.retry = false;
    full.hint = fmt::format(
        "The destination has {} free and this run needs {}: make space or raise the quota. "
        "Nothing was changed.",
        human_bytes(*free), human_bytes(count_.bytes_needed()));
    finish(std::move(full));
  }
  std::optional<uint64_t> free_bytes() const {
    const Result<JsonDocument> answer = JsonDocument::parse(answer_);
    if (!answer) return std::nullopt;
    const auto free = answer->root().find("free");
    if (!free) return std::nullopt;
    return free->unsigned_integer();
  }

  void show() {
    Progress progress;
    progress.phase = Phase::checking;
    state_.host.show(progress, false);
  }
  void finish(StepEnd end) { state_.host.ended(std::move(end)); }

  AttemptState& state_;
  bool stored_source_;
  bool stored_known_;
  ChangeCount count_;
  std::unique_ptr<RemoteListing> listing_;
  std::unique_ptr<RemoteListing> earlier_;  // its `done` may be on the stack
  std::unique_ptr<ProcessRunner> about_;
  std::unique_ptr<ProcessRunner> asked_;  // its `done` may be on the stack
  std::string room_place_;
  std::string answer_;
  int questions_ = 0;
};

}  // namespace

bool needs_guard(const AttemptState& state) {
  return !state.task.approved && !state.spec.dry_run && !guard_is_off(state.policy.guard);
}

std::unique_ptr<Step> make_guard_step(AttemptState& state) {
  return std::make_unique<GuardStep>(state);
}

}  // namespace dray::worker
