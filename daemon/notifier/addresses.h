// Addresses of peers: which belong to proxies that are trusted, and who is behind those. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/notifier/http_message.h"

namespace dray::notifier {

// Is `address` one of the addresses or inside one of the networks?
bool is_trusted(std::string_view address, const std::vector<std::string>& trusted);

// Sets address and secure of a request that came from `peer`, a trusted proxy, to what that says.
// X-Forwarded-For is read from its end: the first address that is not trusted is the client; what
// stands in front of it is the client's own invention.
void apply_forwarded(HttpRequest& request, const std::vector<std::string>& trusted);

}  // namespace dray::notifier
