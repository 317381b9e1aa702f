// The request that opens a WebSocket, judged (RFC 6455, section 4.2). Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/notifier/http_message.h"

namespace dray::notifier {

struct WebsocketOffer {
  std::optional<std::string> refusal;  // why it is none
  bool other_version = false;          // of the protocol
  bool deflate = false;                // compressed messages are agreed on
  std::string answer;                  // the head that switches protocols
};

// `may_deflate`: compression is taken when it is offered.
WebsocketOffer websocket_offer(const HttpRequest& request, bool may_deflate);
HttpReply websocket_refusal(const WebsocketOffer& offer, const HttpRequest& request);

}  // namespace dray::notifier
