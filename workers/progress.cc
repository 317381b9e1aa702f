#include "workers/progress.h"

#include <algorithm>
#include <cmath>

namespace dray {
namespace {

// Where in the overall percent each phase ends. Transfers take nearly all of the time of nearly all
// runs.
constexpr double kPreparingEnd = 1;
constexpr double kListingEnd = 5;
constexpr double kTransferringEnd = 95;
constexpr double kDeletingEnd = 99;
constexpr double kAll = 100;
// While totals still grow, the share done of what is known says little about the whole: it counts
// for half, so that the bar moves and yet leaves room for what is still to be found.
constexpr double kLowerBoundShare = 0.5;
// A file costs as much as so many bytes: many small files are slow although they hold little.
constexpr double kBytesPerFile = 64 * 1024;

double ratio(double done, double total) {
  return total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
}

double seconds_of(Duration d) {
  return std::chrono::duration<double>(d).count();
}

// Cut at a character's edge.
std::string cut_name(std::string_view name, size_t max) {
  if (name.size() <= max) return std::string(name);
  size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80)
    --end;
  return std::string(name.substr(0, end));
}

int64_t sum_of_totals(const StatsRecord& s) {
  return s.total_bytes + s.total_checks + s.total_transfers + s.listed;
}

int64_t sum_of_counters(const StatsRecord& s) {
  int64_t sum = s.bytes + s.checks + s.transfers + s.deletes + s.deleted_dirs + s.renames +
                s.server_side_copies + s.server_side_moves + s.server_side_copy_bytes +
                s.server_side_move_bytes + sum_of_totals(s);
  // A download from a slow disk moves within a file before `bytes` shows it.
  for (const TransferringFile& file : s.transferring)
    sum += file.bytes;
  return sum;
}

}  // namespace

void ProgressModel::start(Instant now) {
  progress_ = {};
  progress_.phase = Phase::preparing;
  started_ = moved_at_ = totals_grew_at_ = speed_at_ = now;
  ended_set_ = has_speed_ = false;
  movement_ = totals_ = speed_bytes_ = 0;
  speed_ = 0;
}

void ProgressModel::on_stats(const StatsRecord& stats, Instant now) {
  if (progress_.phase == Phase::done || progress_.phase == Phase::queued) return;
  const bool deletes_grew = stats.deletes > progress_.deletes;
  note_movement(stats, now);
  progress_.bytes_done = stats.bytes;
  progress_.bytes_total = std::max(stats.total_bytes, stats.bytes);
  progress_.files_done = stats.transfers;
  progress_.files_total = std::max(stats.total_transfers, stats.transfers);
  progress_.checks_done = stats.checks;
  progress_.checks_total = std::max(stats.total_checks, stats.checks);
  progress_.deletes = stats.deletes;
  progress_.errors = stats.errors;
  update_speed(stats.bytes, now);
  update_phase(stats, deletes_grew);
  progress_.totals_are_lower_bounds =
      progress_.phase < Phase::deleting &&
      (now - totals_grew_at_ < kListingQuiet || stats.checks < stats.total_checks);
  update_percent(stats);
  copy_files(stats);
}

void ProgressModel::note_movement(const StatsRecord& stats, Instant now) {
  const int64_t totals = sum_of_totals(stats);
  const int64_t movement = sum_of_counters(stats);
  if (totals != totals_) totals_grew_at_ = now;
  totals_ = totals;
  if (movement != movement_) moved_at_ = now;
  movement_ = movement;
}

void ProgressModel::update_phase(const StatsRecord& stats, bool deletes_grew) {
  const bool found = stats.total_transfers > 0 || stats.transfers > 0 || stats.bytes > 0;
  Phase seen = found ? Phase::transferring : Phase::listing;
  if (deletes_grew && stats.transferring.empty() && stats.transfers >= stats.total_transfers)
    seen = Phase::deleting;
  progress_.phase = std::max(progress_.phase, seen);
}

void ProgressModel::update_speed(int64_t bytes, Instant now) {
  const double passed = seconds_of(now - speed_at_);
  if (passed <= 0) return;
  // rclone counts bytes over all its attempts, so they fall only when it starts to count anew.
  const double current = static_cast<double>(std::max<int64_t>(bytes - speed_bytes_, 0)) / passed;
  const double weight = has_speed_ ? 1 - std::exp(-passed / seconds_of(kSpeedWindow)) : 1;
  speed_ += weight * (current - speed_);
  has_speed_ = has_speed_ || bytes > 0;
  if (!has_speed_) speed_ = 0;
  speed_at_ = now;
  speed_bytes_ = bytes;
  progress_.bytes_per_second = static_cast<int64_t>(speed_);
}

void ProgressModel::update_percent(const StatsRecord& stats) {
  double percent = kPreparingEnd;
  switch (progress_.phase) {
    case Phase::queued:
    case Phase::preparing:
    case Phase::done:
    case Phase::checking:
    case Phase::hooks:
    case Phase::validating:
    case Phase::recording:
    case Phase::cleaning:
      return;
    case Phase::listing:
      percent += (kListingEnd - kPreparingEnd) *
                 ratio(static_cast<double>(stats.checks), static_cast<double>(stats.total_checks));
      break;
    case Phase::transferring: {
      const double done = static_cast<double>(progress_.bytes_done) +
                          kBytesPerFile * static_cast<double>(progress_.files_done);
      const double total = static_cast<double>(progress_.bytes_total) +
                           kBytesPerFile * static_cast<double>(progress_.files_total);
      const double share = progress_.totals_are_lower_bounds ? kLowerBoundShare : 1;
      percent = kListingEnd + (kTransferringEnd - kListingEnd) * share * ratio(done, total);
      break;
    }
    case Phase::deleting:
      // How many remain is not known.
      percent = kTransferringEnd + (kDeletingEnd - kTransferringEnd) / 2;
      break;
  }
  progress_.percent = std::max(progress_.percent, percent);
}

void ProgressModel::copy_files(const StatsRecord& stats) {
  const size_t count = std::min(stats.transferring.size(), Progress::kMaxFiles);
  progress_.files.clear();
  for (const TransferringFile& file : stats.transferring.first(count))
    progress_.files.push_back({.name = cut_name(file.name, kMaxName),
                               .bytes = file.bytes,
                               .size = file.size,
                               .percent = file.percent});
}

void ProgressModel::finish(Instant now, bool complete) {
  progress_.phase = Phase::done;
  progress_.totals_are_lower_bounds = !complete && progress_.totals_are_lower_bounds;
  progress_.files.clear();
  progress_.bytes_per_second = 0;
  if (complete) progress_.percent = kAll;
  ended_ = now;
  ended_set_ = true;
}

Progress ProgressModel::snapshot(Instant now) const {
  Progress copy = progress_;
  if (copy.phase == Phase::queued) return copy;
  copy.elapsed_ms = to_ms((ended_set_ ? ended_ : now) - started_);
  const int64_t left = copy.bytes_total - copy.bytes_done;
  if (copy.phase == Phase::transferring && !copy.totals_are_lower_bounds && left > 0 &&
      copy.bytes_per_second > 0)
    copy.eta_seconds = left / copy.bytes_per_second + 1;
  return copy;
}

}  // namespace dray
