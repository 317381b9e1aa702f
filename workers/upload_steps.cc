#include "workers/upload_steps.h"

#include <algorithm>
#include <optional>

#include "daemon/base/digest.h"
#include "daemon/base/text.h"
#include "workers/process_step.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

std::string place(const AttemptState& state, std::string_view below) {
  return below_place(state.config.destination, below);
}

ProcessPlan plan_of(AttemptState& state, std::string_view label, std::string_view verb,
                    std::vector<std::string> operands, std::vector<std::string> flags,
                    RcloneVerb kind) {
  ProcessPlan plan;
  plan.label = fmt::format("run-{}-{}-{}", state.token.run, state.token.attempt, label);
  plan.argv = step_argv(state.context.rclone, verb, operands, state.paths, flags);
  plan.environment = rclone_environment(state.paths);
  plan.verb = kind;
  plan.stall = seconds{state.spec.options.stall_seconds};
  return plan;
}

// What is not there need not be removed.
bool is_gone(const ProcessEnd& how, const StepEnd& end) {
  return !how.start_error && !how.stopped && end.error_class == ErrorClass::not_found;
}

StepEnd quiet(StepEnd end) {
  return is_good(end.outcome) ? StepEnd{} : std::move(end);
}

StepEnd damaged(std::string hint) {
  StepEnd end;
  end.outcome = Outcome::failed;
  end.error_class = ErrorClass::integrity;
  end.retry = true;
  end.hint = std::move(hint);
  return end;
}

std::unique_ptr<Step> make_purge(AttemptState& state, std::string_view label,
                                 ProcessStep::Judge judge) {
  return std::make_unique<ProcessStep>(
      state,
      [label](AttemptState& s) -> Result<ProcessPlan> {
        return plan_of(s, label, "purge", {place(s, incoming_directory(s.token.run))}, {},
                       RcloneVerb::remove);
      },
      std::move(judge));
}

// ── Verify ──────────────────────────────────────────────────────────────────────────────────────

class VerifyStep final : public Step {
 public:
  explicit VerifyStep(AttemptState& state) : state_(state) {}

  void begin() override {
    ListingWanted wanted;
    wanted.label = "verify";
    wanted.remote = place(state_, incoming_directory(state_.token.run));
    wanted.mtimes = false;
    // Crypt knows none, and says so as an error.
    if (!state_.policy.encryption) {
      wanted.hash_type = "md5";
      wanted.flags = {"--hash-type", "sha1"};
    }
    report_.mode = ValidationMode::hash;
    listing_ = std::make_unique<RemoteListing>(
        state_, std::move(wanted), [this](const RemoteEntry& entry) { found_ = entry; },
        [this](ListingEnd end) { listed(std::move(end)); });
    listing_->begin();
  }
  void extend(Instant kill_at) override {
    if (reader_) return reader_->extend(kill_at);
    if (listing_) listing_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (reader_) return reader_->stop(reason);
    if (listing_) listing_->stop(reason);
  }

 private:
  void listed(ListingEnd end) {
    if (!is_good(end.step.outcome)) return state_.host.ended(std::move(end.step));
    const UploadWork& upload = state_.upload;
    if (!found_ || found_->size != upload.size)
      return conclude(
          damaged(found_ ? fmt::format("The destination holds {} bytes of {} that arrived.",
                                       found_->size, upload.size)
                         : "The destination does not show what was stored there."));
    const std::string hash = compare_hashes();
    if (!hash.empty()) return conclude(damaged(hash));
    if (state_.policy.validation.mode == ValidationMode::download) return read_back();
    conclude(StepEnd{});
  }

  // What is wrong, or nothing.
  std::string compare_hashes() {
    const UploadWork& upload = state_.upload;
    report_.tool = "size";
    report_.grade = Grade::size;
    for (const auto& [name, ours] :
         {std::pair{"md5", &upload.md5}, std::pair{"sha1", &upload.sha1}}) {
      const auto theirs = found_->hashes.find(name);
      if (theirs == found_->hashes.end()) continue;
      report_.tool = name;
      report_.grade = Grade::hash;
      if (theirs->second != *ours)
        return fmt::format("The {} of what the destination holds differs from what arrived.", name);
    }
    if (report_.grade == Grade::size) report_.not_comparable = 1;
    return "";
  }

  void read_back() {
    ProcessPlan plan =
        plan_of(state_, "read", "cat", {place(state_, incoming_file(state_.token.run))}, {},
                RcloneVerb::stream);
    plan.capture_output = true;
    plan.on_output = [this](std::span<const char> bytes) {
      sha256_.update(bytes);
      read_ += bytes.size();
      reader_->moved(state_.context.clock.now().mono);
    };
    reader_ =
        std::make_unique<ProcessRunner>(state_, std::move(plan), [this](const ProcessEnd& how) {
          StepEnd end = judge_process(how);
          if (!is_good(end.outcome)) return state_.host.ended(std::move(end));
          report_.mode = ValidationMode::download;
          report_.tool = "download";
          report_.not_comparable = 0;
          const bool same =
              read_ == state_.upload.size && sha256_.finish_hex() == state_.upload.sha256;
          report_.grade = Grade::hash;
          conclude(same ? StepEnd{}
                        : damaged("What the destination gives back is not what arrived."));
        });
    reader_->begin();
  }

  void conclude(StepEnd end) {
    report_.compared = 1 - std::min<uint64_t>(report_.not_comparable, 1);
    if (!is_good(end.outcome)) {
      report_.grade = Grade::failed;
      report_.differences = 1;
    }
    state_.report.validation = {report_};
    state_.host.ended(std::move(end));
  }

  AttemptState& state_;
  std::unique_ptr<RemoteListing> listing_;
  std::unique_ptr<ProcessRunner> reader_;
  std::optional<RemoteEntry> found_;
  ValidationReport report_;
  Digest sha256_{DigestKind::sha256};
  uint64_t read_ = 0;
};

// ── Store ───────────────────────────────────────────────────────────────────────────────────────

Result<ProcessPlan> plan_store(AttemptState& state) {
  const Layout layout = state.policy.layout;
  const std::string& name = state.task.upload.name;
  std::vector<std::string> flags;
  if (const std::string old = replaced_directory(layout, state.token, name); !old.empty())
    flags = {"--backup-dir", place(state, old)};
  // Two files of the same size and time are not the same file.
  flags.emplace_back("--ignore-times");
  return plan_of(
      state, "store", "moveto",
      {place(state, incoming_file(state.token.run)), place(state, stored_file(layout, name))},
      std::move(flags), RcloneVerb::move);
}

StepEnd judge_store(AttemptState& state, const ProcessEnd& how) {
  StepEnd end = quiet(judge_process(how));
  if (!is_good(end.outcome)) return end;
  UploadWork& upload = state.upload;
  upload.stored = true;
  ReceiptReport receipt;
  receipt.name = state.task.upload.name;
  const Endpoint& destination = state.spec.destination;
  receipt.path =
      fmt::format("{}:{}", destination.remote,
                  below_place(destination.path, stored_file(state.policy.layout, receipt.name)));
  receipt.size = upload.size;
  receipt.crc32 = upload.crc32;
  receipt.sha256 = upload.sha256;
  state.report.receipt = {std::move(receipt)};
  end.hint = fmt::format("{} ({}) is stored; SHA-256 {}.", state.task.upload.name,
                         human_bytes(upload.size), upload.sha256);
  return end;
}

// ── Clean up ────────────────────────────────────────────────────────────────────────────────────

StepEnd judge_clean(AttemptState& state, const ProcessEnd& how) {
  StepEnd end = judge_process(how);
  const bool clean = is_good(end.outcome) || is_gone(how, end);
  if (!state.upload.stored && clean && is_good(end.outcome)) {
    if (state.report.receipt.empty()) state.report.receipt.emplace_back();
    ++state.report.receipt.front().partial_clears;
    state.note("info", "what had arrived of the file is removed");
  }
  if (clean) return {};
  // The file itself is where it belongs; only an empty directory may be left.
  if (state.upload.stored) return {};
  end.hint = fmt::format("What had arrived could not be removed from {}: {}",
                         incoming_directory(state.token.run), end.hint);
  return end;
}

// Nothing to do when nothing began.
class CleanStep final : public Step {
 public:
  explicit CleanStep(AttemptState& state)
      : state_(state), purge_(make_purge(state, "clean", &judge_clean)) {}
  void begin() override {
    if (!state_.upload.begun) return state_.host.ended(StepEnd{});
    purge_->begin();
  }
  void extend(Instant kill_at) override { purge_->extend(kill_at); }
  void stop(StopReason reason) override { purge_->stop(reason); }

 private:
  AttemptState& state_;
  std::unique_ptr<Step> purge_;
};

}  // namespace

std::unique_ptr<Step> make_upload_clear_step(AttemptState& state) {
  return make_purge(state, "clear", [](AttemptState&, const ProcessEnd& how) {
    StepEnd end = judge_process(how);
    return is_gone(how, end) ? StepEnd{} : quiet(std::move(end));
  });
}
std::unique_ptr<Step> make_upload_verify_step(AttemptState& state) {
  return std::make_unique<VerifyStep>(state);
}
std::unique_ptr<Step> make_upload_store_step(AttemptState& state) {
  return std::make_unique<ProcessStep>(state, &plan_store, &judge_store);
}
std::unique_ptr<Step> make_upload_clean_step(AttemptState& state) {
  return std::make_unique<CleanStep>(state);
}

}  // namespace dray::worker
