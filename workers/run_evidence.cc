#include "workers/run_evidence.h"

#include <algorithm>

#include "workers/error_table.h"
#include "workers/rclone_messages.h"
#include "workers/rclone_text_stats.h"

namespace dray {
namespace {

// How a record about one file begins; anything else at level error concerns a listing or the run.
constexpr std::string_view kObjectErrors[] = {
    "Failed to copy",
    "Failed to move",
    "Failed to delete",
    "Failed to set modification time",
    "Failed to read ",
    "Failed to calculate",
    "Failed to open",
    "Couldn't delete",
    "Couldn't move",
    "Couldn't copy",
    "Listing error",
    "corrupted on transfer",
    "can't copy - source file is being updated",
    "Source and destination exist but do not match",
    "Post request put error",
    "Can't set ",
    "error while hashing",
};

// rclone's last words, without an object.
constexpr std::string_view kFinalTexts[] = {"Failed to ", "Fatal error: ", "Error: unknown"};

constexpr std::string_view kCrashTexts[] = {
    "panic: ",
    "fatal error: ",
    "runtime: out of memory",
    "SIGQUIT: ",
    "SIGSEGV: ",
    "SIGABRT: ",
    "SIGBUS: ",
    "goroutine ",
    "unexpected fault address",
    "runtime: failed to create new OS thread",
};

constexpr std::string_view kSpecialFiles[] = {"Can't transfer non file/directory",
                                              "Can't follow symlink"};

template <size_t N>
bool starts_with_any(std::string_view text, const std::string_view (&prefixes)[N]) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

void EvidenceCollector::on_stats(const LogLine&, const StatsRecord& stats) {
  json_stats_ = true;
  evidence_.has_stats = true;
  evidence_.stats = stats;
  evidence_.stats.last_error = {};
  evidence_.stats.transferring = {};
  evidence_.stats.checking = {};
  evidence_.last_error = stats.last_error.substr(0, RunEvidence::kMaxText);
  evidence_.transferring = stats.transferring.size();
}

void EvidenceCollector::on_object(const LogLine& line, ObjectAction action) {
  const bool copied = action == ObjectAction::copied || action == ObjectAction::server_side_copied;
  evidence_.copied += copied;
  evidence_.deleted += action == ObjectAction::deleted || action == ObjectAction::moved_to_backup;
  evidence_.renamed += action == ObjectAction::renamed;
  final_open_ = false;
  (void)line;
}

void EvidenceCollector::on_dry_run(const LogLine& line) {
  evidence_.dry_run = true;
  evidence_.would_copy +=
      line.skipped.starts_with("copy") || line.skipped.starts_with("server-side copy");
  evidence_.would_delete += line.skipped == "delete" || line.skipped == "move into backup dir";
}

void EvidenceCollector::on_retry(const LogLine&, const RetryRecord& record) {
  final_open_ = false;
  if (record.kind == RetryKind::attempt_succeeded) {
    evidence_.errors.clear();
    sample_keys_.clear();
    evidence_.error_records = 0;
    attempt_over_ = false;
  } else if (record.kind == RetryKind::attempt_failed) {
    attempt_over_ = record.attempt < record.attempts;
  }
}

void EvidenceCollector::on_check(const LogLine&, CheckCount kind, int64_t count) {
  evidence_.has_check_summary = true;
  int64_t& sum = evidence_.checks[static_cast<size_t>(kind)];
  sum = std::min(sum + count, StatsRecord::kMaxCount);
}

void EvidenceCollector::on_error(const LogLine& line) {
  if (is_harmless_error(line.message)) return note_harmless(line.message);
  if (line.object.empty() && take_final_text(line.message)) return;
  final_open_ = false;
  const bool of_remote = line.object_type.ends_with("Fs");
  add_error(line.message, !of_remote && starts_with_any(line.message, kObjectErrors));
}

void EvidenceCollector::on_note(const LogLine& line) {
  if (line.level == RecordLevel::debug) {
    constexpr std::string_view kVersion = "Version \"";
    if (!evidence_.version && line.message.starts_with(kVersion))
      evidence_.version = parse_rclone_version(line.message.substr(kVersion.size()));
    return;
  }
  if (line.object.empty() && take_final_text(line.message)) return;
  final_open_ = false;
  evidence_.skipped_special += starts_with_any(line.message, kSpecialFiles);
}

void EvidenceCollector::on_plain(std::string_view text) {
  std::string_view time;
  const std::string_view body = strip_text_prefix(text, &time);
  if (evidence_.crash_text.empty() && starts_with_any(body, kCrashTexts))
    evidence_.crash_text = body.substr(0, RunEvidence::kMaxText);
  if (time.empty() && final_open_ && !starts_with_any(body, kFinalTexts)) {
    if (evidence_.final_text.size() + body.size() < RunEvidence::kMaxText)
      evidence_.final_text.append("\n").append(body);
  } else if (!take_final_text(body)) {
    final_open_ = false;
  }
  read_text_stats(body);
  keep_tail(body);
}

bool EvidenceCollector::take_final_text(std::string_view message) {
  if (!starts_with_any(message, kFinalTexts) || is_harmless_error(message)) return false;
  evidence_.final_text = message.substr(0, RunEvidence::kMaxText);
  final_open_ = true;
  return true;
}

void EvidenceCollector::add_error(std::string_view text, bool per_object) {
  if (attempt_over_) {
    evidence_.errors.clear();
    sample_keys_.clear();
    evidence_.error_records = 0;
    attempt_over_ = false;
  }
  ++evidence_.error_records;
  std::string key = normalise_error(text);
  const auto same = std::ranges::find(sample_keys_, key);
  if (same != sample_keys_.end()) {
    ++evidence_.errors[static_cast<size_t>(same - sample_keys_.begin())].count;
    return;
  }
  ErrorSample sample{std::string(text.substr(0, RunEvidence::kMaxText)), per_object, 1};
  if (evidence_.errors.size() == RunEvidence::kMaxSamples) {
    // The first ones tell the cause, the newest what came of it; the place of the last one rolls.
    evidence_.errors.pop_back();
    sample_keys_.pop_back();
  }
  evidence_.errors.push_back(std::move(sample));
  sample_keys_.push_back(std::move(key));
}

void EvidenceCollector::note_harmless(std::string_view message) {
  evidence_.config_save_failures += message.starts_with("Failed to save config");
  evidence_.no_common_hash |= message.starts_with("No common hash");
  evidence_.same_path |= message.starts_with("Nothing to do as source");
}

void EvidenceCollector::read_text_stats(std::string_view text) {
  if (json_stats_) return;
  switch (read_text_stats_line(text, evidence_.stats)) {
    case TextStats::none:
      return;
    case TextStats::first_line:
      evidence_.transferring = 0;
      evidence_.has_stats = true;
      return;
    case TextStats::line:
      return;
    case TextStats::transferring:
      evidence_.transferring = 1;
      return;
  }
}

void EvidenceCollector::keep_tail(std::string_view text) {
  if (text.empty()) return;
  if (evidence_.tail.size() == RunEvidence::kMaxTail) evidence_.tail.pop_front();
  evidence_.tail.emplace_back(text.substr(0, RunEvidence::kMaxText));
}

}  // namespace dray
