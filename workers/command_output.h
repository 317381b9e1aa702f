// What a program of kind `command` says about itself on its standard output, line by line:
//   [PHASE:1690123456789] NAME     another part of its work begins; the number is a time in ms
//   PROGRESS DONE TOTAL            how far it is, in whatever it counts; TOTAL 0: not known
// Every other line is for the log only. Pure; memory is bounded by one line.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "workers/line_cutter.h"

namespace dray::worker {

struct CommandPhase {
  uint64_t at_ms = 0;
  std::string name;  // cleaned, at most CommandOutput::kMaxName bytes
};
struct CommandProgress {
  uint64_t done = 0;
  uint64_t total = 0;
};

class CommandOutput {
 public:
  static constexpr size_t kMaxLine = 4096;  // the rest of a longer line is dropped
  static constexpr size_t kMaxName = 100;

  CommandOutput(std::function<void(const CommandPhase&)> on_phase,
                std::function<void(const CommandProgress&)> on_progress)
      : on_phase_(std::move(on_phase)), on_progress_(std::move(on_progress)) {}
  void feed(std::span<const char> bytes);
  void finish();

 private:
  void take(std::string_view line);

  std::function<void(const CommandPhase&)> on_phase_;
  std::function<void(const CommandProgress&)> on_progress_;
  LineCutter lines_{kMaxLine};
};

}  // namespace dray::worker
