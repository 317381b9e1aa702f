// What happens to every request before and after its handler: is it meant for us, which row of the
// table is it, who asks, may they, was it forged, is its body of the right kind.
//
// Thread: the loop's. Owner: the service.
#pragma once

#include "daemon/notifier/call.h"
#include "daemon/notifier/exchange.h"

namespace dray::notifier {

// All rows there are.
std::vector<std::span<const Route>> all_route_tables();

// For HttpConnection.
Task<void> handle_request(Api& api, Exchange& exchange, HttpRequest& request);
bool reads_body_itself(const Api& api, const HttpRequest& request);

}  // namespace dray::notifier
