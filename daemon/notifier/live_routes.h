// Requests that become live connections.
#pragma once

#include "daemon/notifier/call.h"

namespace dray::notifier {

// A page of events, Server-Sent Events or a WebSocket, as the request asks for.
Task<void> serve_events(Call& call, Exchange& exchange);
// /ws of the former product.
Task<void> serve_former_socket(Call& call, Exchange& exchange);

}  // namespace dray::notifier
