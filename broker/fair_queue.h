// Frames that wait for one receiver, served in turn between those who sent them: a sender that
// floods waits for itself only. Frames of one lane keep their order. Pure; one thread.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "schemas/ids.h"

namespace dray {

struct WaitingFrame {
  std::string stamp;
  std::string payload;
};

class FairQueue {
 public:
  // `lane`: whose frame it is (or is about). A lane holds at most `max_lane_bytes`, or one frame.
  // False: over the limit; `frame` is left as it was.
  bool push(SessionId lane, WaitingFrame&& frame, size_t max_lane_bytes);

  bool empty() const { return turns_.empty(); }
  size_t bytes() const { return bytes_; }
  const WaitingFrame& front() const;  // not when empty()
  void pop();                         // not when empty()

 private:
  struct Lane {
    std::deque<WaitingFrame> frames;
    size_t bytes = 0;
  };
  std::unordered_map<SessionId, Lane> lanes_;  // none is empty
  std::deque<SessionId> turns_;                // each lane once; the front is next
  size_t bytes_ = 0;
};

}  // namespace dray
