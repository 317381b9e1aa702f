#include "broker/fair_queue.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

std::string drained(FairQueue& queue) {
  std::string order;
  while (!queue.empty()) {
    order += queue.front().payload;
    queue.pop();
  }
  return order;
}

}  // namespace

TEST_CASE("senders are served in turn and each in its own order") {
  FairQueue queue;
  for (const char* frame : {"1", "2", "3", "4"})
    REQUIRE(queue.push(SessionId{1}, {"", frame}, 100));
  REQUIRE(queue.push(SessionId{2}, {"", "a"}, 100));
  REQUIRE(queue.push(SessionId{3}, {"", "x"}, 100));
  REQUIRE(queue.push(SessionId{2}, {"", "b"}, 100));
  CHECK(drained(queue) == "1ax2b34");
  CHECK(queue.bytes() == 0);
}

TEST_CASE("a sender over its limit is refused, the others are not") {
  FairQueue queue;
  REQUIRE(queue.push(SessionId{1}, {"", "one frame may be larger than the limit"}, 4));
  WaitingFrame kept{"s", "1"};
  CHECK_FALSE(queue.push(SessionId{1}, std::move(kept), 4));
  CHECK(kept.payload == "1");  // NOLINT: a refused frame stays with the caller
  CHECK(queue.push(SessionId{2}, {"", "1234"}, 4));
  CHECK_FALSE(queue.push(SessionId{2}, {"", "5"}, 4));
  queue.pop();
  CHECK(queue.push(SessionId{1}, {"", "6"}, 4));
}

}  // namespace dray
