#include "daemon/notifier/live_frames.h"

#include "daemon/notifier/live_deflate.h"
#include "daemon/notifier/websocket_offer.h"
#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

constexpr size_t kMost = 1000;

// As a client sends it: masked.
std::string client_frame(uint8_t first, std::string_view payload) {
  const std::string mask = "\x12\x34\x56\x78";
  std::string frame = frame_of(Opcode::text, payload);
  frame[0] = static_cast<char>(first);
  frame[1] = static_cast<char>(static_cast<uint8_t>(frame[1]) | 0x80);
  const size_t head = frame.size() - payload.size();
  for (size_t i = 0; i < payload.size(); ++i)
    frame[head + i] = static_cast<char>(frame[head + i] ^ mask[i % 4]);
  return frame.insert(head, mask);
}

struct Heard {
  std::vector<std::string> messages;
  std::optional<CloseCode> broken;
};

Heard feed(FrameReader& reader, std::string_view bytes, size_t step = SIZE_MAX) {
  Heard heard;
  while (!bytes.empty() && !heard.broken) {
    const std::string_view part = bytes.substr(0, std::min(step, bytes.size()));
    bytes.remove_prefix(part.size());
    heard.broken = reader.feed(part, [&](FrameReader::Message&& message) {
      heard.messages.push_back(fmt::format("{}:{}{}", static_cast<int>(message.opcode),
                                           message.deflated ? "deflated:" : "", message.payload));
    });
  }
  return heard;
}

std::optional<CloseCode> broken_by(std::string_view bytes, bool deflate = false) {
  FrameReader reader(kMost, deflate);
  return feed(reader, bytes).broken;
}

TEST_CASE("the answer to the example of RFC 6455 is the one in it") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const char* bad : {"", "dGhlIHNhbXBsZSBub25jZQ", "c2hvcnQ=", "dGhlIHNhbXBsZSBub25j!Q=="})
    CHECK_FALSE(is_websocket_key(bad));
}

TEST_CASE("lengths of frames take as many bytes as they need") {
  CHECK(frame_of(Opcode::text, "hi") == "\x81\x02hi");
  CHECK(frame_of(Opcode::text, std::string(126, 'x')).substr(0, 4) ==
        std::string("\x81\x7e\x00\x7e", 4));
  CHECK(frame_of(Opcode::text, std::string(65'536, 'x')).substr(0, 10) ==
        std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  CHECK(close_frame(CloseCode::policy, "why") == std::string("\x88\x05\x03\xf0why", 7));
}

TEST_CASE("messages are read however they are cut") {
  const std::string bytes = client_frame(0x81, "one") + client_frame(0x01, "tw") +
                            client_frame(0x89, "p") + client_frame(0x80, "o") +
                            client_frame(0x81, std::string(300, 'l')) + client_frame(0x88, "");
  for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, bytes.size()}) {
    FrameReader reader(kMost, false);
    const Heard heard = feed(reader, bytes, step);
    CHECK_FALSE(heard.broken);
    // The ping in the middle of a message is heard before its end.
    CHECK(heard.messages ==
          std::vector<std::string>{"1:one", "9:p", "1:two", "1:" + std::string(300, 'l'), "8:"});
  }
}

TEST_CASE("a client that breaks the rules is told which") {
  CHECK(broken_by("\x81\x02hi") == CloseCode::protocol_error);             // not masked
  CHECK(broken_by(client_frame(0x83, "")) == CloseCode::protocol_error);   // unknown opcode
  CHECK(broken_by(client_frame(0x91, "")) == CloseCode::protocol_error);   // reserved bit
  CHECK(broken_by(client_frame(0xc1, "")) == CloseCode::protocol_error);   // not agreed on
  CHECK(broken_by(client_frame(0x80, "x")) == CloseCode::protocol_error);  // continues nothing
  CHECK(broken_by(client_frame(0x09, "")) == CloseCode::protocol_error);   // a ping in parts
  CHECK(broken_by(client_frame(0x89, std::string(126, 'x'))) == CloseCode::protocol_error);
  CHECK(broken_by(client_frame(0x01, "a") + client_frame(0x01, "b")) == CloseCode::protocol_error);
  CHECK(broken_by(client_frame(0x81, std::string(kMost + 1, 'x'))) == CloseCode::too_big);
  CHECK(broken_by(client_frame(0x01, std::string(kMost, 'x')) + client_frame(0x80, "x")) ==
        CloseCode::too_big);
  CHECK(broken_by(client_frame(0x81, "\xff")) == CloseCode::invalid_data);
  // A length in more bytes than it needs.
  CHECK(broken_by(std::string("\x81\xfe\x00\x05mask", 8)) == CloseCode::protocol_error);
}

TEST_CASE("a message in ever more empty parts is refused") {
  FrameReader reader(kMost, false);
  CHECK_FALSE(feed(reader, client_frame(0x01, "")).broken);
  std::optional<CloseCode> broken;
  for (int i = 0; i < 100 && !broken; ++i)
    broken = feed(reader, client_frame(0x00, "")).broken;
  CHECK(broken == CloseCode::protocol_error);
}

TEST_CASE("a length that promises more than is allowed is refused before it comes") {
  CHECK(broken_by(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14)) ==
        CloseCode::too_big);
}

TEST_CASE("compressed messages can be read back, each by itself") {
  Deflater deflater;
  for (const std::string& text :
       {std::string(), std::string("short"), std::string(100'000, 'a'), std::string("\0\xff", 2)}) {
    const std::string payload = deflater.deflate(text);
    CHECK(inflate(payload, 200'000).value() == text);
    FrameReader reader(200'000, true);
    const Heard heard = feed(reader, client_frame(0xc1, payload));
    CHECK(heard.messages == std::vector<std::string>{"1:deflated:" + payload});
  }
}

TEST_CASE("what would become too long is not unpacked, and noise is refused") {
  Deflater deflater;
  CHECK(inflate(deflater.deflate(std::string(1'000'000, 'a')), kMost).error().code ==
        ErrorCode::exhausted);
  CHECK(inflate("\xff\xff\xff\xff", kMost).error().code == ErrorCode::invalid);
}

TEST_CASE("compression is taken only where one message can serve everybody") {
  const auto agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  CHECK(accept_deflate("permessage-deflate") == agreed);
  CHECK(accept_deflate("permessage-deflate; client_max_window_bits") == agreed);
  CHECK(accept_deflate("foo, permessage-deflate; server_max_window_bits=10, permessage-deflate") ==
        agreed);
  for (const char* none : {"", "foo", "permessage-deflate; server_max_window_bits=10",
                           "permessage-deflate; unknown", "x-webkit-deflate-frame"})
    CHECK_FALSE(accept_deflate(none));
}

HttpRequest opening() {
  HttpRequest request;
  request.headers = {{"upgrade", "WebSocket"},
                     {"connection", "keep-alive, Upgrade"},
                     {"sec-websocket-version", "13"},
                     {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  return request;
}

TEST_CASE("a request that opens a WebSocket is answered, another is told why not") {
  HttpRequest request = opening();
  WebsocketOffer offer = websocket_offer(request, true);
  CHECK_FALSE(offer.refusal);
  CHECK_FALSE(offer.deflate);
  CHECK(offer.answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
  request.headers.push_back({"sec-websocket-extensions", "permessage-deflate"});
  CHECK(websocket_offer(request, true).deflate);
  CHECK_FALSE(websocket_offer(request, false).deflate);
  for (const size_t missing : {0, 1, 3}) {
    request = opening();
    request.headers[missing].value = "x";
    CHECK(websocket_offer(request, true).refusal);
  }
  request = opening();
  request.headers[2].value = "8";
  offer = websocket_offer(request, true);
  const HttpReply reply = websocket_refusal(offer, request);
  CHECK(reply.status == 426);
  CHECK(reply.headers.back().value == "13");
}

}  // namespace
}  // namespace dray::notifier
