#include "schemas/codec.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

Assign sample_assign() {
  Assign assign;
  assign.token = {RunId{7}, 2, 41};
  assign.lease_ms = 600'000;
  assign.spec.job = "photos";
  assign.spec.client = "acme";
  assign.spec.kind = JobKind::copy;
  assign.spec.source = {"src", "a/\xC3\xBC"};
  assign.spec.destination = {"dst", ""};
  assign.spec.remotes.push_back(
      {"src", "acme", "s3", 3, {"other"}, 2, std::string("\0\x01\xFF", 3), "fp"});
  assign.spec.options.filters = {"- *.tmp"};
  assign.spec.options.max_delete = -1;
  return assign;
}

template <class Message>
Result<Message> round_trip(const Message& message) {
  Result<Message> out = fail(ErrorCode::io, "nothing read");
  const Status read = read_frame(encode_message(message, 5), [&](const Envelope& envelope) {
    CHECK(envelope.id() == 5);
    out = envelope.decode<Message>();
  });
  if (!read) return std::unexpected(read.error());
  return out;
}

}  // namespace

TEST_CASE("a message decodes to what was encoded") {
  const Assign sent = sample_assign();
  const auto got = round_trip(sent);
  REQUIRE(got);
  CHECK(got->token == sent.token);
  CHECK(got->spec == sent.spec);
}

TEST_CASE("every message type survives a round trip of its default value"){
#define DRAY_CHECK_ROUND_TRIP(Struct, name)            \
  {                                                    \
    INFO(#name);                                       \
    Struct message{};                                  \
    const std::string frame = encode_message(message); \
    size_t count = 0;                                  \
    CHECK(read_frame(frame, [&](const Envelope& e) {   \
      ++count;                                         \
      CHECK(e.type() == MessageType::name);            \
    }));                                               \
    CHECK(count == 1);                                 \
  }
    DRAY_MESSAGES(DRAY_CHECK_ROUND_TRIP)
#undef DRAY_CHECK_ROUND_TRIP
}

TEST_CASE("several messages travel in one frame in order") {
  std::string frame;
  append_message(frame, Start{{RunId{1}, 1, 1}});
  append_message(frame, Stale{{RunId{2}, 1, 1}});
  std::vector<MessageType> types;
  REQUIRE(read_frame(frame, [&](const Envelope& e) { types.push_back(e.type()); }));
  CHECK(types == std::vector{MessageType::start, MessageType::stale});
}

TEST_CASE("a missing required field is refused with its path") {
  std::string frame;
  append_envelope_head(frame, MessageType::start, 0);
  wire::Writer writer(frame);
  writer.array(1);
  writer.array(2);
  writer.unsigned_integer(1);
  writer.unsigned_integer(1);
  std::string message;
  REQUIRE(
      read_frame(frame, [&](const Envelope& e) { message = e.decode<Start>().error().message; }));
  CHECK(message == "start: token.worker_epoch is missing");
}

TEST_CASE("fields that a newer peer appended are ignored") {
  std::string frame;
  append_envelope_head(frame, MessageType::scheduler_state, 0);
  wire::Writer writer(frame);
  writer.array(2);
  writer.boolean(true);
  writer.text("new");
  bool up = false;
  REQUIRE(
      read_frame(frame, [&](const Envelope& e) { up = e.decode<SchedulerState>().value().up; }));
  CHECK(up);
}

TEST_CASE("values of the wrong type or out of range are refused with their path") {
  std::string frame;
  append_envelope_head(frame, MessageType::peer_up, 0);
  wire::Writer writer(frame);
  writer.array(3);
  writer.unsigned_integer(1);
  writer.unsigned_integer(77);
  writer.text("x");
  std::string message;
  REQUIRE(
      read_frame(frame, [&](const Envelope& e) { message = e.decode<PeerUp>().error().message; }));
  CHECK(message == "peer_up: role is not a known value");
}

TEST_CASE("every cut of a frame is refused or decodes only whole messages") {
  const std::string frame = encode_message(sample_assign());
  for (size_t size = 0; size < frame.size(); ++size) {
    size_t count = 0;
    const Status read =
        read_frame(std::string_view(frame).substr(0, size), [&](const Envelope&) { ++count; });
    CHECK(count == 0);
    CHECK(read.has_value() == (size == 0));
  }
}

TEST_CASE("a value nested deeper than the limit is refused") {
  std::string frame;
  append_envelope_head(frame, MessageType::start, 0);
  wire::Writer writer(frame);
  for (size_t i = 0; i < 2 * limits::kMaxDepth; ++i)
    writer.array(1);
  writer.nil();
  CHECK_FALSE(read_frame(frame, [](const Envelope&) {}));
}

TEST_CASE("an array that claims more items than it has is refused without allocating them") {
  std::string frame;
  append_envelope_head(frame, MessageType::cancel_request, 0);
  frame += std::string("\x96\xdd\xff\xff\xff\xff", 6);
  CHECK_FALSE(read_frame(frame, [](const Envelope&) {}));
}

TEST_CASE("another protocol version is refused and named") {
  std::string frame;
  wire::Writer writer(frame);
  writer.array(4);
  writer.unsigned_integer(9);
  writer.unsigned_integer(1);
  writer.unsigned_integer(0);
  writer.nil();
  const Status read = read_frame(frame, [](const Envelope&) {});
  REQUIRE_FALSE(read);
  CHECK(read.error().message == "frame: byte 0: protocol version 9 (this program speaks 1)");
}

}  // namespace dray
