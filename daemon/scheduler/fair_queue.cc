#include "daemon/scheduler/fair_queue.h"

#include <algorithm>

namespace dray::scheduler {
namespace {

// Virtual time of one start at weight 1; divides well by the weights 1 to 1000.
constexpr uint64_t kStart = 720'720'000;

}  // namespace

Ranked rank_of(RunId run, Instant queued_at, int32_t priority) {
  const Duration rank = queued_at.time_since_epoch() - kAgePerPriority * priority;
  return Ranked{rank.count(), run};
}

template <class Change>
void FairQueue::change(uint32_t index, Change&& apply) {
  if (index >= clients_.size()) clients_.resize(index + 1);
  Client& client = clients_[index];
  const bool waited = client.waits();
  if (waited) {
    order_.erase({client.virtual_time, index});
    size_ -= client.ready.size();
  }
  if (client.active()) active_weight_ -= client.weight;
  apply(client);
  if (client.waits()) {
    // Who comes back stands beside the one who is furthest behind, not before.
    const uint64_t floor = order_.empty() ? now_ : order_.begin()->first;
    if (!waited) client.virtual_time = std::max(client.virtual_time, floor);
    order_.insert({client.virtual_time, index});
    size_ += client.ready.size();
  }
  if (client.active()) active_weight_ += client.weight;
}

void FairQueue::set_weight(uint32_t client, uint32_t weight) {
  change(client, [&](Client& c) { c.weight = std::max(weight, 1u); });
}

void FairQueue::push(uint32_t client, const Ranked& entry) {
  change(client, [&](Client& c) { c.ready.insert(entry); });
}

void FairQueue::erase(uint32_t client, const Ranked& entry) {
  change(client, [&](Client& c) { c.ready.erase(entry); });
}

void FairQueue::set_blocked(uint32_t client, bool blocked) {
  if (client < clients_.size() && clients_[client].blocked == blocked) return;
  change(client, [&](Client& c) { c.blocked = blocked; });
}

bool FairQueue::within_share(const Client& client, uint32_t places) const {
  return (client.running + uint64_t{1}) * active_weight_ <= uint64_t{places} * client.weight;
}

std::optional<FairQueue::Pick> FairQueue::next(uint32_t places) const {
  if (order_.empty()) return std::nullopt;
  uint32_t chosen = order_.begin()->second;
  size_t looks = 0;
  for (auto it = order_.begin(); it != order_.end() && looks < kMaxLooks; ++it, ++looks) {
    if (!within_share(clients_[it->second], places)) continue;
    chosen = it->second;
    break;
  }
  return Pick{chosen, clients_[chosen].ready.begin()->run};
}

void FairQueue::started(uint32_t client) {
  change(client, [&](Client& c) {
    now_ = std::max(now_, c.virtual_time);
    c.virtual_time += kStart / c.weight;
    ++c.running;
  });
}

void FairQueue::taken_back(uint32_t client) {
  change(client, [&](Client& c) {
    c.virtual_time -= std::min(c.virtual_time, kStart / c.weight);
    if (c.running > 0) --c.running;
  });
}

void FairQueue::ended(uint32_t client) {
  change(client, [&](Client& c) {
    if (c.running > 0) --c.running;
  });
}

}  // namespace dray::scheduler
