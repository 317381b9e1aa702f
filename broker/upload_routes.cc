#include "broker/upload_routes.h"

namespace dray {

Status UploadRoutes::pass(const Token& token, const UploadChunk& chunk, SessionId sender,
                          uint64_t id, Instant now) {
  Route& route = routes_[token.run];
  if (route.token != token) {
    route = Route{};
    route.token = token;
  }
  if (now - route.last_chunk >= kForgetUnanswered) route.unanswered = 0;
  // Data that is no more than the worker asked for; a question, and an end, hold none.
  const bool too_far = !chunk.data.empty() && (chunk.offset > route.allowed ||
                                               chunk.data.size() > route.allowed - chunk.offset);
  if (too_far || route.unanswered >= kMaxUnanswered)
    return fail(ErrorCode::exhausted, "run {}: more than the worker asked for", token.run);
  if (!route.senders.contains(id) && route.senders.size() == kMaxSenders)
    route.senders.erase(route.senders.begin());
  route.senders[id] = sender;
  ++route.unanswered;
  route.last_chunk = now;
  return {};
}

SessionId UploadRoutes::answer(const UploadState& state, uint64_t id) {
  const auto it = routes_.find(state.token.run);
  if (it == routes_.end() || it->second.token != state.token) return {};
  Route& route = it->second;
  route.unanswered = 0;
  const uint64_t end = state.received + state.window;
  if (state.code == 0 && end >= state.received && end > route.allowed) route.allowed = end;
  const auto sender = route.senders.find(id);
  return sender == route.senders.end() ? SessionId{} : sender->second;
}

void UploadRoutes::keep_owned(const ProgressBoard& board) {
  std::erase_if(routes_, [&](const auto& entry) {
    const OwnerRow* owner = board.owner(entry.first);
    return owner == nullptr || owner->token != entry.second.token;
  });
}

}  // namespace dray
