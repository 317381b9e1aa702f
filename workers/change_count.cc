#include "workers/change_count.h"

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace dray::worker {
namespace {

constexpr uint64_t kUnknown = UINT64_MAX;

// Only these counts can pass the limit; what a kind never does is no danger.
uint64_t dangerous(const GuardPolicy& policy, const GuardReport& report) {
  return report.deletes + (report.overwrites >= policy.min_overwrites ? report.overwrites : 0);
}

bool is_usual(const LearnedCounts& learned, const GuardReport& report) {
  return report.deletes <= learned.deletes && report.overwrites <= learned.overwrites;
}

}  // namespace

ChangeCount::ChangeCount(HashKey key, Rules rules, size_t max_entries)
    : known_(key, max_entries), rules_(rules) {}

void ChangeCount::known(std::string_view path, uint64_t size, WallTime mtime) {
  known_.add(path, size, mtime);
}

void ChangeCount::all_known() {
  known_.finish();
}

void ChangeCount::source(std::string_view path, uint64_t size, WallTime mtime) {
  ++counts_.source_files;
  if (!known_.covers(path)) return;
  const uint64_t bytes = size == kUnknown ? 0 : size;
  PathSet::Entry* before = known_.find(path);
  if (before == nullptr) {
    counts_.creates += known_.weight();
    bytes_needed_ += bytes * known_.weight();
    return;
  }
  before->seen = true;
  const bool resized = size != kUnknown && before->size != kUnknown && size != before->size;
  const bool newer = rules_.compare_times && before->mtime_us != 0 && mtime != WallTime{} &&
                     mtime > from_unix_us(before->mtime_us) + kTimeSlack;
  if (!resized && !newer) return;
  counts_.overwrites += known_.weight();
  const uint64_t freed =
      rules_.keeps_replaced || before->size == kUnknown ? 0 : std::min(bytes, before->size);
  bytes_needed_ += (bytes - freed) * known_.weight();
}

GuardReport ChangeCount::counts() const {
  GuardReport report = counts_;
  report.known_files = known_.files();
  report.deletes = rules_.kind == JobKind::sync ? known_.unseen() : 0;
  return report;
}

void judge_changes(const GuardPolicy& policy, const LearnedCounts& learned, JobKind kind,
                   GuardReport& report) {
  if (report.known_files == 0) return;
  // A move leaves its source empty each time.
  if (policy.empty_source && report.source_files == 0 && kind != JobKind::move) {
    report.held = true;
    report.reason = fmt::format(
        "The source is empty, but {} file{} known from earlier runs{}. Look at the source before "
        "you approve.",
        report.known_files, report.known_files == 1 ? " is" : "s are",
        kind == JobKind::sync ? ", which this run would delete" : "");
    return;
  }
  if (policy.max_delete_percent >= 100) return;
  const uint64_t changes = dangerous(policy, report);
  if (changes * 100 <= report.known_files * policy.max_delete_percent) return;
  if (policy.learn && is_usual(learned, report)) return;
  report.held = true;
  report.reason = fmt::format(
      "This run would delete {} and overwrite {} of {} known files: more than {} %, and more than "
      "earlier runs did.",
      report.deletes, report.overwrites, report.known_files, policy.max_delete_percent);
}

}  // namespace dray::worker
