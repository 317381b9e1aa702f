#include "daemon/notifier/live_filter.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kStateTopic = "run.state";
constexpr std::string_view kFamilies[] = {"run",   "job",       "client",  "settings", "worker",
                                          "clock", "bandwidth", "version", "notify"};
constexpr size_t kMaxTopics = 32;
constexpr size_t kMaxTopicBytes = 40;

std::string_view family_of(std::string_view kind) {
  return kind.substr(0, kind.find('.'));
}

bool topic_covers(std::string_view topic, std::string_view kind) {
  if (topic == kind || topic == family_of(kind)) return true;
  return topic == kStateTopic && family_of(kind) == "run" && kind != kProgressKind;
}

Status check_topic(std::string_view topic) {
  const bool shaped = topic.size() <= kMaxTopicBytes && std::ranges::all_of(topic, [](char c) {
                        return (c >= 'a' && c <= 'z') || c == '.' || c == '_';
                      });
  const std::string_view family = family_of(topic);
  if (shaped && std::ranges::find(kFamilies, family) != std::end(kFamilies)) return {};
  const std::string_view near = closest_match(family, kFamilies);
  return fail(ErrorCode::invalid, "topics: {} is none{}", quoted(topic),
              near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

}  // namespace

Result<LiveFilter> LiveFilter::parse(Identity who, std::string_view topics, std::string client,
                                     std::string job, RunId run) {
  LiveFilter filter;
  filter.who_ = std::move(who);
  filter.client_ = std::move(client);
  filter.job_ = std::move(job);
  filter.run_ = run;
  while (!topics.empty()) {
    const size_t end = std::min(topics.find(','), topics.size());
    const std::string_view topic = trim(topics.substr(0, end));
    topics.remove_prefix(std::min(end + 1, topics.size()));
    DRAY_TRY(check_topic(topic));
    if (filter.topics_.size() == kMaxTopics)
      return fail(ErrorCode::invalid, "topics: more than {}", kMaxTopics);
    filter.topics_.emplace_back(topic);
  }
  return filter;
}

bool LiveFilter::wants(std::string_view kind) const {
  return topics_.empty() || std::ranges::any_of(topics_, [&](const std::string& topic) {
           return topic_covers(topic, kind);
         });
}

bool LiveFilter::matches(const LiveSubject& subject) const {
  if (!who_.may_see(subject.client)) return false;
  if (!client_.empty() && subject.client != client_) return false;
  if (!job_.empty() && subject.job != job_) return false;
  if (run_ && subject.run != run_) return false;
  return wants(subject.kind);
}

}  // namespace dray::notifier
