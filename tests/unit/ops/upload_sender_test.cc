#include "ops/upload_sender.h"

#include "schemas/codec.h"
#include "tests/support/catch.h"

namespace dray::ops {
namespace {

using Kind = UploadSender::Next::Kind;
constexpr uint64_t kChunk = UploadSender::kChunkBytes;

struct Rig {
  explicit Rig(uint64_t size) : sender(RunId{7}, size, now) {}
  void state(uint64_t received, uint64_t window, bool resend = false, uint32_t attempt = 1) {
    UploadState state;
    state.token = Token{RunId{7}, attempt, 3};
    state.received = received;
    state.window = window;
    state.resend = resend;
    sender.on_state(state, now);
  }
  UploadSender::Next next() { return sender.next(now); }
  // Sends until it has to wait; how many bytes.
  uint64_t drain() {
    uint64_t bytes = 0;
    for (auto one = next(); one.kind == Kind::send && (one.bytes > 0 || one.last); one = next()) {
      CHECK(one.offset == offset + bytes);
      bytes += one.bytes;
      last = one.last;
    }
    offset += bytes;
    return bytes;
  }
  Instant now{hours{1}};
  UploadSender sender;
  uint64_t offset = 0;
  bool last = false;
};

TEST_CASE("the sender asks first, for whatever attempt is on") {
  Rig rig(10);
  const auto first = rig.next();
  CHECK(first.kind == Kind::send);
  CHECK(first.bytes == 0);
  CHECK_FALSE(first.last);
  CHECK(first.token == Token{RunId{7}, 0, 0});
  CHECK(rig.next().kind == Kind::wait);
  CHECK(rig.next().wait == UploadSender::kAskFirst);
}

TEST_CASE("without an answer it asks more and more seldom") {
  Rig rig(10);
  Duration pause = UploadSender::kAskFirst;
  for (int i = 0; i < 12; ++i) {
    CHECK(rig.next().kind == Kind::send);
    CHECK(rig.next().wait == pause);
    rig.now += pause;
    pause = std::min(pause * 2, UploadSender::kAskLast);
  }
}

TEST_CASE("no more is on its way than the window allows, and the last chunk says so") {
  Rig rig(3 * kChunk + 5);
  rig.next();
  rig.state(0, 2 * kChunk);
  CHECK(rig.drain() == 2 * kChunk);
  CHECK_FALSE(rig.last);
  rig.state(kChunk, 2 * kChunk);
  CHECK(rig.drain() == kChunk);
  rig.state(3 * kChunk, 2 * kChunk);
  CHECK(rig.drain() == 5);
  CHECK(rig.last);
  CHECK(rig.next().kind == Kind::wait);
}

TEST_CASE("an empty file is one chunk that is the last") {
  Rig rig(0);
  rig.next();
  rig.state(0, 100);
  const auto only = rig.next();
  CHECK(only.kind == Kind::send);
  CHECK(only.last);
  CHECK(rig.next().kind == Kind::wait);
}

TEST_CASE("what is missing is sent again, once for all the answers that say so") {
  Rig rig(8 * kChunk);
  rig.next();
  rig.state(0, 4 * kChunk);
  rig.drain();
  rig.now += seconds{1};
  rig.state(kChunk, 4 * kChunk, true);
  rig.state(kChunk, 4 * kChunk, true);
  rig.offset = kChunk;
  CHECK(rig.drain() == 4 * kChunk);
  rig.state(kChunk, 4 * kChunk, true);
  CHECK(rig.next().kind == Kind::wait);
}

TEST_CASE("after a break it asks, and goes on from what the worker has") {
  Rig rig(8 * kChunk);
  rig.next();
  rig.state(0, 4 * kChunk);
  rig.drain();
  rig.sender.on_link_back(rig.now);
  const auto question = rig.next();
  CHECK(question.bytes == 0);
  CHECK(rig.next().kind == Kind::wait);
  rig.state(2 * kChunk, 4 * kChunk);
  rig.offset = 2 * kChunk;
  CHECK(rig.drain() == 4 * kChunk);
}

TEST_CASE("another attempt begins at the first byte, and an older one is not listened to") {
  Rig rig(8 * kChunk);
  rig.next();
  rig.state(0, 4 * kChunk);
  rig.drain();
  rig.sender.on_refused(rig.now);
  rig.now += UploadSender::kAskFirst + UploadSender::kKeepAlive;
  CHECK(rig.next().token == Token{RunId{7}, 0, 0});
  rig.state(0, 4 * kChunk, false, 2);
  rig.offset = 0;
  CHECK(rig.drain() == 4 * kChunk);
  rig.state(kChunk, 8 * kChunk, true, 1);
  CHECK(rig.next().kind == Kind::wait);
  CHECK(rig.sender.acknowledged() == 0);
}

TEST_CASE("a worker that is not ready is asked again soon") {
  Rig rig(10);
  rig.next();
  rig.state(0, 0);
  CHECK(rig.next().wait == UploadSender::kAskFirst);
  rig.now += UploadSender::kAskFirst;
  CHECK(rig.next().bytes == 0);
  rig.state(0, 100);
  CHECK(rig.drain() == 10);
}

TEST_CASE("while answers come the sender shows that it is there, and repeats the end") {
  Rig rig(10);
  rig.next();
  rig.state(0, 100);
  rig.drain();
  rig.now += UploadSender::kKeepAlive;
  const auto sign = rig.next();
  CHECK(sign.kind == Kind::send);
  CHECK(sign.bytes == 0);
  CHECK(sign.offset == 10);
  CHECK(sign.last);
}

TEST_CASE("a wrong ticket ends it; a failed attempt may be followed by another") {
  Rig rig(10);
  UploadState no;
  no.token = Token{RunId{7}, 1, 3};
  no.code = to_wire_code(ErrorCode::unavailable);
  no.message = "failed";
  rig.sender.on_state(no, rig.now);
  CHECK(rig.next().kind == Kind::send);
  no.code = to_wire_code(ErrorCode::denied);
  rig.sender.on_state(no, rig.now);
  CHECK(rig.next().kind == Kind::refused);
  CHECK(rig.sender.refusal() == "failed");
}

}  // namespace
}  // namespace dray::ops
