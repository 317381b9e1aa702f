// When a notice goes out, when it becomes part of a digest, and when it is tried again. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/time.h"
#include "schemas/notify.h"

namespace dray::notify {

// What has been made out lately, digests left out.
struct Load {
  uint64_t to_target = 0;   // to this recipient of the channel, within the digest window
  uint64_t on_channel = 0;  // within an hour
};

struct Way {
  bool collect = false;  // for the next digest
  Duration delay{};      // else: not before
};
// A storm to one recipient, or a channel above its cap, becomes a digest; where each message
// counts, those above the cap are spread out.
Way choose_way(const NotifyChannel& channel, NotifyEvent event, const Load& load);

struct RetryPolicy {
  Duration first = seconds{30};
  Duration longest = hours{1};
  uint32_t max_attempts = 30;  // about a day
};
// After `attempts` of them failed; none: give up.
std::optional<Duration> next_delay(const RetryPolicy& policy, uint32_t attempts);

// What came of an attempt.
enum class Verdict : uint8_t {
  delivered,
  retry,      // it may work later
  hopeless,   // the other side will never take this message
  ambiguous,  // the connection ended while the other side was accepting
};

struct Attempt {
  Verdict verdict = Verdict::retry;
  std::string error;       // for people; "" when delivered
  Duration retry_after{};  // as the other side asked; 0: it did not
};

// Of the last reply of a mail server.
Verdict judge_mail_code(long code);
// Of a web server.
Verdict judge_web_code(long code);

}  // namespace dray::notify
