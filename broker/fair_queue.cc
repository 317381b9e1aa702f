#include "broker/fair_queue.h"

#include <utility>

#include "daemon/base/result.h"

namespace dray {

bool FairQueue::push(SessionId lane, WaitingFrame&& frame, size_t max_lane_bytes) {
  const auto [it, fresh] = lanes_.try_emplace(lane);
  const size_t size = frame.payload.size();
  if (!fresh && it->second.bytes + size > max_lane_bytes) return false;
  if (fresh) turns_.push_back(lane);
  it->second.bytes += size;
  it->second.frames.push_back(std::move(frame));
  bytes_ += size;
  return true;
}

const WaitingFrame& FairQueue::front() const {
  DRAY_CHECK(!empty(), "the front of an empty queue");
  return lanes_.at(turns_.front()).frames.front();
}

void FairQueue::pop() {
  DRAY_CHECK(!empty(), "a frame out of an empty queue");
  const SessionId id = turns_.front();
  turns_.pop_front();
  Lane& lane = lanes_.at(id);
  const size_t size = lane.frames.front().payload.size();
  lane.bytes -= size;
  bytes_ -= size;
  lane.frames.pop_front();
  if (lane.frames.empty()) {
    lanes_.erase(id);
  } else {
    turns_.push_back(id);
  }
}

}  // namespace dray
