#include "broker/topics.h"

#include <fmt/format.h>

#include <charconv>

namespace dray {

std::string progress_topic(RunId run) {
  return fmt::format("{}.{}", kProgressTopic, run);
}

std::optional<RunId> parse_progress_topic(std::string_view topic) {
  const size_t prefix = kProgressTopic.size() + 1;
  if (topic.size() <= prefix || !topic.starts_with(kProgressTopic)) return std::nullopt;
  RunId run;
  const char* const end = topic.data() + topic.size();
  const auto [stop, error] = std::from_chars(topic.data() + prefix, end, run.value);
  if (error != std::errc{} || stop != end || progress_topic(run) != topic) return std::nullopt;
  return run;
}

bool topic_matches(std::string_view subscription, std::string_view topic) {
  if (!topic.starts_with(subscription)) return false;
  return topic.size() == subscription.size() || subscription.empty() ||
         topic[subscription.size()] == '.';
}

}  // namespace dray
