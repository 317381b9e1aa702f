#include "tests/simulator/operator_node.h"

#include "tests/simulator/scheduler_node.h"
#include "tests/simulator/world.h"

namespace dray::sim {

OperatorNode::OperatorNode(World& world) : world_(world), bus_(world, world.outside) {}

void OperatorNode::start() {
  BusOwner owner;
  owner.role = Role::ops;
  owner.door = 2;
  owner.name = "operator";
  owner.on_link = [](bool, bool) {};
  owner.on_message = [this](SessionId, const Envelope& e) { on_message(e); };
  bus_.open(owner);
}

void OperatorNode::enqueue() {
  const auto last = static_cast<int64_t>(world_.scheduler->job_count()) - 1;
  Enqueue request;
  request.job = world_.scheduler->job_name(static_cast<size_t>(world_.random.between(0, last)));
  request.asked_by = "ann";
  const uint64_t id = ++last_id_;
  if (world_.random.chance(0.7)) request.idempotency_key = "key" + std::to_string(id);
  ask(encode_message(request, id), id, request.idempotency_key);
}

void OperatorNode::cancel() {
  CancelRequest request;
  request.reason = "simulated";
  request.asked_by = "bob";
  const uint64_t id = ++last_id_;
  if (world_.random.chance(0.05)) {
    request.all = true;
  } else if (world_.random.chance(0.2)) {
    request.job = world_.scheduler->job_name(0);
  } else {
    if (known_.empty()) return;
    const auto from = static_cast<int64_t>(known_.size()) - 1;
    const int64_t oldest = std::max<int64_t>(0, from - 10);
    request.runs = {known_[static_cast<size_t>(world_.random.between(oldest, from))]};
  }
  ask(encode_message(request, id), id, "");
}

void OperatorNode::ask(std::string payload, uint64_t id, const std::string& key) {
  pending_[id] = std::move(payload);
  keys_[id] = key;
  repeat(id);
}

void OperatorNode::repeat(uint64_t id) {
  const auto question = pending_.find(id);
  if (question == pending_.end()) return;
  bus_.send_bytes(SessionId{}, question->second);
  world_.timeline.after(seconds{3}, [this, id] { repeat(id); });
}

// Every answer counts, late and repeated ones too.
void OperatorNode::on_message(const Envelope& envelope) {
  if (envelope.type() == MessageType::enqueued) {
    const auto answer = envelope.decode<Enqueued>();
    if (!answer || !keys_.contains(envelope.id())) return;
    if (answer->code == 0) {
      if (!pending_.contains(envelope.id()) && !keys_[envelope.id()].empty())
        world_.observer.tally.marks.reach(Mark::key_repeated);
      world_.observer.enqueue_acked(answer->run, keys_[envelope.id()]);
      known_.push_back(answer->run);
    }
  } else if (envelope.type() == MessageType::cancel_reply) {
    const auto answer = envelope.decode<CancelReply>();
    if (!answer) return;
    for (const CancelRow& row : answer->rows)
      if (row.code == 0) world_.observer.cancel_acked(row.run);
  }
  pending_.erase(envelope.id());
}

}  // namespace dray::sim
