#include "workers/check_report.h"

namespace dray::worker {

void CheckReport::feed(std::span<const char> bytes) {
  lines_in_.feed(bytes, [this](std::string_view line) { take(line); });
}

void CheckReport::finish() {
  lines_in_.finish([this](std::string_view line) { take(line); });
}

void CheckReport::take(std::string_view line) {
  struct Row {
    char mark;
    uint64_t CheckReport::*count;
    CheckLine::Kind kind;
  };
  static constexpr Row kRows[] = {
      {'*', &CheckReport::differs_, CheckLine::Kind::differs},
      {'+', &CheckReport::missing_, CheckLine::Kind::missing},
      {'-', &CheckReport::surplus_, CheckLine::Kind::surplus},
      {'!', &CheckReport::unreadable_, CheckLine::Kind::unreadable},
  };
  if (line.starts_with("= ")) ++same_;
  for (const Row& row : kRows) {
    if (line.size() < 3 || line[0] != row.mark || line[1] != ' ') continue;
    ++(this->*row.count);
    if (lines_.size() < max_paths_) lines_.push_back({row.kind, std::string(line.substr(2))});
  }
}

}  // namespace dray::worker
