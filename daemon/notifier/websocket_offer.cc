#include "daemon/notifier/websocket_offer.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/notifier/live_deflate.h"
#include "daemon/notifier/live_frames.h"
#include "daemon/notifier/problem.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kVersion = "13";
constexpr unsigned kUpgradeRequired = 426;

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool lists_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (same_word(trim(list.substr(0, end)), word)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

WebsocketOffer websocket_offer(const HttpRequest& request, bool may_deflate) {
  WebsocketOffer offer;
  if (request.method != Method::get || !lists_word(request.header("upgrade"), "websocket") ||
      !lists_word(request.header("connection"), "upgrade")) {
    offer.refusal = "this address speaks WebSocket: Upgrade and Connection do not ask for it";
    return offer;
  }
  if (request.header("sec-websocket-version") != kVersion) {
    offer.refusal = "the version of the WebSocket protocol must be 13";
    offer.other_version = true;
    return offer;
  }
  const std::string_view key = request.header("sec-websocket-key");
  if (!is_websocket_key(key) || request.count_header("sec-websocket-key") != 1) {
    offer.refusal = "Sec-WebSocket-Key: must be the base64 of 16 bytes";
    return offer;
  }
  offer.answer = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n",
      websocket_accept(key));
  const auto agreed = accept_deflate(request.header("sec-websocket-extensions"));
  if (agreed && may_deflate) {
    offer.deflate = true;
    offer.answer += fmt::format("Sec-WebSocket-Extensions: {}\r\n", *agreed);
  }
  offer.answer += "\r\n";
  return offer;
}

HttpReply websocket_refusal(const WebsocketOffer& offer, const HttpRequest& request) {
  HttpReply reply = problem_reply({ErrorCode::invalid, offer.refusal.value_or("")}, request);
  if (!offer.other_version) return reply;
  reply.status = kUpgradeRequired;
  reply.headers.push_back({"sec-websocket-version", std::string(kVersion)});
  return reply;
}

}  // namespace dray::notifier
