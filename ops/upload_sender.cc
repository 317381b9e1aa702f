#include "ops/upload_sender.h"

#include <algorithm>

#include "schemas/codec.h"

namespace dray::ops {

UploadSender::UploadSender(RunId run, uint64_t size, Instant now) : size_(size), ask_at_(now) {
  token_.run = run;
}

UploadSender::Next UploadSender::next(Instant now) {
  Next next;
  if (!refusal_.empty()) {
    next.kind = Next::Kind::refused;
    return next;
  }
  const bool more = !end_sent_ && (sent_ < size_ ? sent_ < allowed_ : allowed_ > 0 || size_ > 0);
  if (!lost_ && more) {
    next.kind = Next::Kind::send;
    next.token = token_;
    next.offset = sent_;
    next.bytes = static_cast<size_t>(
        std::min({uint64_t{kChunkBytes}, size_ - sent_, allowed_ - std::min(allowed_, sent_)}));
    sent_ += next.bytes;
    next.last = end_sent_ = sent_ == size_;
    return next;
  }
  if (now >= ask_at_) return ask(now);
  next.wait = ask_at_ - now;
  return next;
}

// Says where we stand as well: the worker sees whether something is missing in between.
UploadSender::Next UploadSender::ask(Instant now) {
  ask_again(now);
  Next next;
  next.kind = Next::Kind::send;
  // The attempt that we know may be over: the run alone means the one that is on.
  next.token = token_;
  if (lost_) next.token = Token{token_.run, 0, 0};
  next.offset = lost_ ? 0 : sent_;
  next.last = !lost_ && end_sent_;
  return next;
}

void UploadSender::ask_again(Instant now) {
  ask_at_ = now + pause_;
  pause_ = std::min(pause_ * 2, kAskLast);
}

void UploadSender::on_state(const UploadState& state, Instant now) {
  if (state.token.run != token_.run || state.token.attempt < token_.attempt) return;
  if (state.code != 0) {
    // Another attempt may follow, and begins anew; the run's own end says when there is none.
    if (state.code == to_wire_code(ErrorCode::denied)) refusal_ = state.message;
    lost_ = true;
    return;
  }
  if (state.token != token_) {
    token_ = state.token;
    acknowledged_ = allowed_ = 0;
    lost_ = true;
  }
  pause_ = kAskFirst;
  ask_at_ = now + kKeepAlive;
  acknowledged_ = std::max(acknowledged_, state.received);
  allowed_ = std::max(allowed_, state.received + state.window);
  const bool rewind = state.resend && now - rewound_at_ >= kRewindPause;
  if (!lost_ && !rewind) return;
  if (state.window == 0) {  // not ready: ask again soon
    ask_at_ = now + kAskFirst;
    return;
  }
  lost_ = false;
  end_sent_ = false;
  sent_ = std::min(state.received, size_);
  rewound_at_ = now;
}

void UploadSender::on_refused(Instant now) {
  lost_ = true;
  ask_at_ = std::max(ask_at_, now + kAskFirst);
}

void UploadSender::on_link_back(Instant now) {
  lost_ = true;
  pause_ = kAskFirst;
  ask_at_ = now;
}

}  // namespace dray::ops
