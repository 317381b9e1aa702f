// Files that are handed in: chunks to the worker that owns the attempt, answers back to the sender.
// Both are matched by what the scheduler said about owners; nothing of it passes the scheduler.
#include "broker/decode_one.h"
#include "broker/router.h"

namespace dray {

void Router::on_upload(Session& session, const MessageHead& head, std::string& reply) {
  if (head.type == MessageType::upload_chunk) return on_chunk(session, head, reply);
  on_upload_state(session, head, reply);
}

// A worker that came back has two sessions until the old one is noticed: the newest counts.
Router::Session* Router::worker_named(std::string_view name) {
  for (auto it = sessions_.rbegin(); it != sessions_.rend(); ++it)
    if (it->second.role() == Role::worker && it->second.name == name) return &it->second;
  return nullptr;
}

void Router::on_chunk(Session& session, const MessageHead& head, std::string& reply) {
  const Result<UploadChunk> chunk = decode_one<UploadChunk>(head.bytes);
  if (!chunk) return nack(session, head.id, ErrorCode::invalid, chunk.error().message, reply);
  if (head.id == 0)
    return nack(session, head.id, ErrorCode::invalid, "UPLOAD_CHUNK needs an id", reply);
  // A sender asks before a worker has the run, and again when one lost it: that is no offence.
  const auto not_now = [&](const Error& why) {
    append_message(reply, Nack{static_cast<uint8_t>(why.code), why.message}, head.id);
  };
  const OwnerRow* owner = board_.owner(chunk->token.run);
  Session* worker = owner == nullptr ? nullptr : worker_named(owner->worker);
  if (worker == nullptr)
    return not_now({ErrorCode::unavailable,
                    fmt::format("no worker has run {} at the moment", chunk->token.run)});
  const bool current = chunk->token.attempt == 0 && chunk->token.worker_epoch == 0;
  if (!current && chunk->token != owner->token)
    return not_now({ErrorCode::unavailable, fmt::format("attempt {} is over", chunk->token)});
  if (const Status passed = uploads_.pass(owner->token, *chunk, session.id, head.id, now_); !passed)
    return not_now(passed.error());
  send(*worker, std::string(head.bytes));
}

void Router::on_upload_state(Session& session, const MessageHead& head, std::string& reply) {
  const Result<UploadState> state = decode_one<UploadState>(head.bytes);
  if (!state) return nack(session, head.id, ErrorCode::invalid, state.error().message, reply);
  const OwnerRow* owner = board_.owner(state->token.run);
  // The attempt ended meanwhile: the sender hears of that as of any run.
  if (owner == nullptr || owner->token != state->token) return;
  if (owner->worker != session.name)
    return nack(session, head.id, ErrorCode::denied,
                fmt::format("attempt {} is not this worker's", state->token), reply);
  const SessionId sender = uploads_.answer(*state, head.id);
  const auto to = sessions_.find(sender);
  if (to != sessions_.end()) send(to->second, std::string(head.bytes));
}

}  // namespace dray
