#include "workers/command_output.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "daemon/base/text.h"
#include "workers/clean_text.h"

namespace dray::worker {
namespace {

constexpr std::string_view kPhase = "[PHASE:";
constexpr std::string_view kProgress = "PROGRESS ";

// Takes a number off the front.
std::optional<uint64_t> number(std::string_view& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

}  // namespace

void CommandOutput::feed(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto end = std::ranges::find(bytes, '\n');
    const size_t size = static_cast<size_t>(end - bytes.begin());
    line_.append(bytes.data(), std::min(size, kMaxLine - std::min(kMaxLine, line_.size())));
    if (end == bytes.end()) return;
    take();
    bytes = bytes.subspan(size + 1);
  }
}

void CommandOutput::finish() {
  if (!line_.empty()) take();
}

void CommandOutput::take() {
  const std::string line = std::exchange(line_, {});
  std::string_view rest = trim(line);
  if (rest.starts_with(kPhase)) {
    rest.remove_prefix(kPhase.size());
    const std::optional<uint64_t> at = number(rest);
    if (!at || !rest.starts_with(']')) return;
    const std::string name = clean_line(trim(rest.substr(1)), kMaxName);
    if (!name.empty()) on_phase_({*at, name});
  } else if (rest.starts_with(kProgress)) {
    rest.remove_prefix(kProgress.size());
    const std::optional<uint64_t> done = number(rest);
    rest = trim(rest);
    const std::optional<uint64_t> total = number(rest);
    if (done && total && rest.empty()) on_progress_({*done, *total});
  }
}

}  // namespace dray::worker
