#include "workers/log_excerpt.h"

#include <fmt/format.h>

#include <map>

#include "schemas/limits.h"
#include "workers/clean_text.h"

namespace dray::worker {
namespace {

// As rclone writes it, and as its plain text form has it.
bool looks_like_error(std::string_view line) {
  for (const std::string_view mark : {R"("level":"error")", R"("level":"critical")",
                                      R"("level":"fatal")", " ERROR : ", "Failed to "})
    if (line.contains(mark)) return true;
  return false;
}

}  // namespace

void LogExcerpt::add(std::string_view line) {
  const uint64_t number = count_++;
  const std::string_view cut = line.substr(0, kMaxLine);
  if (head_bytes_ + cut.size() <= kHeadBytes && head_.size() == number) {
    head_bytes_ += cut.size() + 1;
    head_.push_back({number, std::string(cut)});
    return;
  }
  if (error_bytes_ + cut.size() <= kErrorBytes && looks_like_error(line)) {
    error_bytes_ += cut.size() + 1;
    errors_.push_back({number, std::string(cut)});
  }
  tail_bytes_ += cut.size() + 1;
  tail_.push_back({number, std::string(cut)});
  while (tail_bytes_ > kTailBytes) {
    tail_bytes_ -= tail_.front().text.size() + 1;
    tail_.pop_front();
  }
}

std::string LogExcerpt::text() const {
  std::map<uint64_t, std::string_view> lines;
  for (const Line& line : head_)
    lines.emplace(line.number, line.text);
  for (const Line& line : errors_)
    lines.emplace(line.number, line.text);
  for (const Line& line : tail_)
    lines.emplace(line.number, line.text);
  std::string text;
  uint64_t next = 0;
  for (const auto& [number, line] : lines) {
    if (number > next) text += fmt::format("... {} lines left out ...\n", number - next);
    next = number + 1;
    text += clean_line(line, kMaxLine);
    text += '\n';
    if (text.size() > limits::kMaxLogExcerptBytes) break;
  }
  if (text.size() > limits::kMaxLogExcerptBytes) {
    text.resize(limits::kMaxLogExcerptBytes);
    text.resize(text.rfind('\n') + 1);
  }
  return text;
}

}  // namespace dray::worker
