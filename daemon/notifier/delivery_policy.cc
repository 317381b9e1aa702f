#include "daemon/notifier/delivery_policy.h"

#include <algorithm>

#include "schemas/notify_channels.h"

namespace dray::notify {
namespace {

struct CodeRow {
  long code;
  Verdict verdict;
};

// Mail: 5xx is final, but for what an administrator repairs (logins, encryption) or time does (a
// full mailbox).
constexpr CodeRow kMailCodes[] = {
    {530, Verdict::retry}, {534, Verdict::retry}, {535, Verdict::retry},
    {538, Verdict::retry}, {454, Verdict::retry}, {552, Verdict::retry},
};

// Web: the message itself is refused; everything else may be repaired on either side.
constexpr CodeRow kWebCodes[] = {
    {400, Verdict::hopeless}, {410, Verdict::hopeless}, {413, Verdict::hopeless},
    {415, Verdict::hopeless}, {422, Verdict::hopeless},
};

template <size_t N>
std::optional<Verdict> listed(const CodeRow (&rows)[N], long code) {
  const auto found = std::ranges::find(rows, code, &CodeRow::code);
  if (found == std::end(rows)) return std::nullopt;
  return found->verdict;
}

}  // namespace

Way choose_way(const NotifyChannel& channel, NotifyEvent event, const Load& load) {
  if (event == NotifyEvent::digest || event == NotifyEvent::test) return {};
  const bool digests = channel_kind(channel.kind).digests;
  const bool storm = channel.digest_after > 0 && load.to_target >= channel.digest_after;
  const bool over = channel.max_per_hour > 0 && load.on_channel >= channel.max_per_hour;
  if (digests && (storm || over)) return {.collect = true};
  if (!over) return {};
  const Duration apart = Duration(hours{1}) / channel.max_per_hour;
  const auto excess = static_cast<int64_t>(load.on_channel - channel.max_per_hour + 1);
  return {.delay = apart * excess};
}

std::optional<Duration> next_delay(const RetryPolicy& policy, uint32_t attempts) {
  if (attempts >= policy.max_attempts) return std::nullopt;
  Duration delay = policy.first;
  for (uint32_t i = 1; i < attempts && delay < policy.longest; ++i)
    delay *= 2;
  return std::min(delay, policy.longest);
}

Verdict judge_mail_code(long code) {
  if (code >= 200 && code < 300) return Verdict::delivered;
  if (const auto known = listed(kMailCodes, code)) return *known;
  return code >= 500 ? Verdict::hopeless : Verdict::retry;
}

Verdict judge_web_code(long code) {
  if (code >= 200 && code < 300) return Verdict::delivered;
  if (code >= 300 && code < 400) return Verdict::hopeless;
  return listed(kWebCodes, code).value_or(Verdict::retry);
}

}  // namespace dray::notify
