// The sending half of an upload: what to send next, and what to do when answers stay away. Pure.
//
// The worker says how far it has passed the file on and how much may be on its way. Whatever gets
// lost in between (a broker that starts anew, a worker that was cut off) shows in one of three
// ways, and all end in going on from what the worker has: it says that something is missing, its
// answers stay away, or there is another attempt, which begins at the first byte.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/time.h"
#include "schemas/messages.h"

namespace dray::ops {

class UploadSender {
 public:
  static constexpr size_t kChunkBytes = 256 << 10;
  // Without an answer the sender asks after this, and then after twice as long each time.
  static constexpr Duration kAskFirst = milliseconds{250};
  static constexpr Duration kAskLast = seconds{8};
  // While answers come it asks this often, so that the worker knows it is there.
  static constexpr Duration kKeepAlive = seconds{2};
  // Answers to what was on its way when something got lost say the same thing again.
  static constexpr Duration kRewindPause = milliseconds{300};

  UploadSender(RunId run, uint64_t size, Instant now);

  // One chunk to send, or how long to wait for news. The caller sends chunks at once.
  struct Next {
    enum class Kind { send, wait, refused } kind = Kind::wait;
    Token token;
    uint64_t offset = 0;
    size_t bytes = 0;  // 0: only asks, or the end of an empty file
    bool last = false;
    Duration wait{};
  };
  Next next(Instant now);

  void on_state(const UploadState& state, Instant now);
  void on_refused(Instant now);    // the broker found nobody
  void on_link_back(Instant now);  // what was on its way may be lost

  uint64_t acknowledged() const { return acknowledged_; }
  // Why the worker does not go on.
  const std::string& refusal() const { return refusal_; }

 private:
  Next ask(Instant now);
  void ask_again(Instant now);

  uint64_t size_;
  Token token_;
  bool lost_ = true;  // where the worker stands is not known
  uint64_t sent_ = 0;
  bool end_sent_ = false;
  uint64_t acknowledged_ = 0;
  uint64_t allowed_ = 0;  // bytes, from the first one on
  Duration pause_ = kAskFirst;
  Instant ask_at_;
  Instant rewound_at_{};
  std::string refusal_;
};

}  // namespace dray::ops
