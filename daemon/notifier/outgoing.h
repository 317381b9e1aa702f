// From a stored delivery to what goes over the wire, one builder per kind of channel. Pure: the
// time is passed in; secrets stay in SecretStrings.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "daemon/notifier/delivery_store.h"
#include "daemon/notifier/sender.h"
#include "schemas/notify.h"

namespace dray::notify {

using Secrets = std::map<std::string, SecretString, std::less<>>;

// Opens the box of a channel. corrupt: it was sealed to another key or for another place, and has
// to be entered again.
Result<Secrets> open_secrets(const SealingKeyPair& key, const NotifyChannel& channel);

struct OutgoingContext {
  std::string host;  // how we call ourselves to mail servers
  WallTime now{};
};

// corrupt: what is stored of the delivery cannot be read.
Result<Call> build_call(const NotifyChannel& channel, const Secrets& secrets,
                        const Delivery& delivery, const OutgoingContext& context);

// "t=UNIX-SECONDS,v1=HEX": HMAC-SHA-256 of "UNIX-SECONDS.BODY" (docs/NOTIFICATIONS.md).
std::string webhook_signature(std::string_view secret, std::string_view body, WallTime now);

}  // namespace dray::notify
