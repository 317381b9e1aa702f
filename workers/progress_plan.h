// How far a run is: the percent of a command by the parts that it announces, and the time that is
// left by what earlier runs took. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/progress.h"
#include "schemas/progress_config.h"
#include "schemas/run_task.h"

namespace dray::worker {

// The parts of one command. The percent never falls, whatever the program says.
class ProgressParts {
 public:
  explicit ProgressParts(const ProgressConfig& config) : config_(config) {}

  // A part that the configuration does not know is shown by its name and moves no percent.
  void enter(std::string_view name);
  void progress(uint64_t done, uint64_t total);

  const std::string& title() const { return title_; }
  double percent() const { return percent_; }
  uint64_t done() const { return done_; }
  uint64_t total() const { return total_; }

 private:
  const ProgressConfig& config_;
  std::string title_;
  double from_ = 0;
  double to_ = 100;  // a program that announces no parts goes from 0 to 100
  double percent_ = 0;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

// Seconds that are left, or -1: rclone's own guess counts the more the further the run is; before
// that, what earlier runs took, in proportion to what there is to move this time.
int64_t seconds_left(const Progress& progress, const LearnedCounts& learned);

}  // namespace dray::worker
