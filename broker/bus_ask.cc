// Questions: each gets exactly one call of its handler.
#include <algorithm>

#include "broker/bus_impl.h"

namespace dray {

void Bus::Impl::ask(SessionId peer, std::string message, uint64_t id, MessageType answer,
                    Duration timeout, std::function<void(Result<Envelope>)> done) {
  Question question{peer, answer, now() + timeout, {}, std::move(done)};
  if (link.broker_up) {
    append_encoded(peer, message);
  } else {
    question.deadline = now() + std::min(timeout, options.connect_timeout);
    question.unsent = std::move(message);
  }
  deadlines.emplace(question.deadline, id);
  questions.emplace(id, std::move(question));
  arm_questions();
}

void Bus::Impl::append_encoded(SessionId to, std::string_view message) {
  OpenFrame& frame = frames[to];
  const bool full = frame.bytes.size() + message.size() > limits::kBatchBytes ||
                    frame.messages == limits::kMaxMessagesPerFrame;
  if (full && frame.messages > 0) flush();
  OpenFrame& open = frames[to];
  open.bytes.append(message);
  ++open.messages;
  flush_soon();
}

// Peers choose the ids of their own questions: an answer is known by its type, too.
bool Bus::Impl::take_answer(const Incoming& incoming) {
  const Envelope& envelope = incoming.envelope;
  const auto it = questions.find(envelope.id());
  if (it == questions.end()) return false;
  const Question& question = it->second;
  const bool is_nack = envelope.type() == MessageType::nack;
  if (!is_nack && (envelope.type() != question.answer || incoming.from != question.peer))
    return false;
  if (is_nack && incoming.from && incoming.from != question.peer) return false;
  if (!is_nack) {
    finish(it->first, envelope);
  } else if (const auto nack = envelope.decode<Nack>()) {
    const auto code = static_cast<uint8_t>(nack->code + 1);
    finish(it->first, std::unexpected(Error{from_wire_code(code), nack->message}));
  } else {
    finish(it->first, std::unexpected(nack.error()));
  }
  return true;
}

void Bus::Impl::finish(uint64_t id, Result<Envelope> answer) {
  auto node = questions.extract(id);
  if (!node) return;
  deadlines.erase({node.mapped().deadline, id});
  node.mapped().done(std::move(answer));
}

void Bus::Impl::send_waiting_questions() {
  for (auto& [id, question] : questions) {
    if (question.unsent.empty()) continue;
    append_encoded(question.peer, question.unsent);
    question.unsent.clear();
  }
}

// Those that were sent; only the ones to `peer` if it is given.
void Bus::Impl::fail_questions(const Error& error, std::optional<SessionId> peer) {
  std::vector<uint64_t> lost;
  for (const auto& [id, question] : questions)
    if (question.unsent.empty() && (!peer || question.peer == *peer)) lost.push_back(id);
  for (const uint64_t id : lost)
    finish(id, std::unexpected(error));
}

void Bus::Impl::expire_questions() {
  const Instant at = now();
  while (!deadlines.empty() && deadlines.begin()->first <= at) {
    const uint64_t id = deadlines.begin()->second;
    const bool sent = questions.at(id).unsent.empty();
    const std::string& problem = link.problem;
    finish(id, sent ? fail(ErrorCode::timeout, "no answer in time")
                    : fail(ErrorCode::unavailable, "the broker at {} cannot be reached{}{}",
                           options.endpoint, problem.empty() ? "" : ": ", problem));
  }
  arm_questions();
}

void Bus::Impl::arm_questions() {
  if (deadlines.empty()) return question_timer.cancel();
  question_timer.start_once(deadlines.begin()->first - now(), [this] { expire_questions(); });
}

}  // namespace dray
