#include "workers/command_output.h"

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
  lines_.feed(bytes, [this](std::string_view line) { take(line); });
}

void CommandOutput::finish() {
  lines_.finish([this](std::string_view line) { take(line); });
}

void CommandOutput::take(std::string_view line) {
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
