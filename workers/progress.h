// From rclone's stats records to what people see: phase, an overall percent that never falls, our
// own average speed, and for how long nothing has moved. Pure: time is passed in.
//
// rclone does not tell its phases. They are read from the counters: nothing to transfer yet is
// listing; transfers found is transferring; deletes growing after all known transfers ended is
// deleting (rclone sync deletes last). Totals grow while the listing runs, up to a backlog of
// 10,000 files, so they are lower bounds until they have stood still for kListingQuiet with all
// known comparisons done, or deleting began.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/progress.h"
#include "workers/rclone_events.h"

namespace dray {

class ProgressModel {
 public:
  // Five stats records without new work found; a slower listing only shows totals as final too
  // early.
  static constexpr Duration kListingQuiet = seconds(5);
  // Averages out rclone's bursts (a 5 MiB part at a time), follows a real change in a few records.
  static constexpr Duration kSpeedWindow = seconds(10);
  // Longest name carried for a current file; a crypt name has at most 255 bytes per part.
  static constexpr size_t kMaxName = 512;

  // The process was started.
  void start(Instant now);
  void on_stats(const StatsRecord& stats, Instant now);
  // The process has ended. The percent becomes 100 only when all was done.
  void finish(Instant now, bool complete);

  Progress snapshot(Instant now) const;
  // No counter has moved since then; the start of the process when none has ever.
  Instant stalled_since() const { return moved_at_; }

 private:
  void note_movement(const StatsRecord& stats, Instant now);
  void update_phase(const StatsRecord& stats, bool deletes_grew);
  void update_speed(int64_t bytes, Instant now);
  void update_percent(const StatsRecord& stats);
  void copy_files(const StatsRecord& stats);

  Progress progress_;
  Instant started_{};
  Instant ended_{};
  Instant moved_at_{};        // any counter
  Instant totals_grew_at_{};  // a total
  Instant speed_at_{};
  int64_t speed_bytes_ = 0;
  double speed_ = 0;
  bool has_speed_ = false;
  bool ended_set_ = false;
  int64_t movement_ = 0;  // sum of all counters
  int64_t totals_ = 0;
};

}  // namespace dray
