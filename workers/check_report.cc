#include "workers/check_report.h"

#include <algorithm>
#include <cstring>

namespace dray::worker {

void CheckReport::feed(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto end = std::ranges::find(bytes, '\n');
    const size_t size = static_cast<size_t>(end - bytes.begin());
    line_.append(bytes.data(), std::min(size, kMaxLine - std::min(kMaxLine, line_.size())));
    if (end == bytes.end()) return;
    take();
    bytes = bytes.subspan(size + 1);
  }
}

void CheckReport::finish() {
  if (!line_.empty()) take();
}

void CheckReport::take() {
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
  if (line_.starts_with("= ")) ++same_;
  for (const Row& row : kRows) {
    if (line_.size() < 3 || line_[0] != row.mark || line_[1] != ' ') continue;
    ++(this->*row.count);
    keep(row.kind);
  }
  line_.clear();
}

void CheckReport::keep(CheckLine::Kind kind) {
  if (lines_.size() < max_paths_) lines_.push_back({kind, line_.substr(2)});
}

}  // namespace dray::worker
