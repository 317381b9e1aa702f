// WebSocket frames (RFC 6455) as a server reads and writes them, without any I/O. Pure.
//
// Why not Beast's stream: it encodes, copies and buffers per connection. Here a frame is encoded
// once, and its bytes are what every connection writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dray::notifier {

enum class Opcode : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

// Why a connection is ended, as the peer is told.
enum class CloseCode : uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported = 1003,
  invalid_data = 1007,
  policy = 1008,
  too_big = 1009,
  try_again_later = 1013,
};

// Is it the base64 of 16 bytes, as a client has to send it?
bool is_websocket_key(std::string_view key);
// What proves to the client that the server speaks WebSocket.
std::string websocket_accept(std::string_view key);

// A whole message in one frame. `deflated`: the payload is compressed (RFC 7692).
std::string frame_of(Opcode opcode, std::string_view payload, bool deflated = false);
std::string close_frame(CloseCode code, std::string_view reason);

// Reads what a client sends, however it is cut. Holds at most `max_bytes` of a message.
class FrameReader {
 public:
  struct Message {
    Opcode opcode = Opcode::text;
    std::string payload;
    bool deflated = false;
  };
  using Handler = std::function<void(Message&&)>;

  // `deflate`: compressed messages were agreed on.
  FrameReader(size_t max_bytes, bool deflate) : max_bytes_(max_bytes), deflate_(deflate) {}

  // Calls `handler` for each message that is complete. A code: the client broke the rules, and
  // nothing more is to be read.
  std::optional<CloseCode> feed(std::string_view bytes, const Handler& handler);

 private:
  struct Head {
    Opcode opcode = Opcode::text;
    bool last = false;
    bool deflated = false;
    size_t bytes = 0;  // of the head, mask included
    uint64_t length = 0;
    uint32_t mask = 0;
  };
  enum class Parse : uint8_t { complete, incomplete, broken };
  Parse parse_head(std::string_view bytes, Head& head, CloseCode& code) const;
  std::optional<CloseCode> check(const Head& head) const;
  std::optional<CloseCode> take(const Head& head, std::string_view payload, const Handler& handler);

  // An endless row of empty fragments would cost time and bring nothing.
  static constexpr size_t kMaxFragments = 64;

  size_t max_bytes_;
  bool deflate_;
  std::string buffer_;
  std::string message_;
  std::optional<Opcode> open_;  // of a message whose end has not come
  bool deflated_ = false;
  size_t fragments_ = 0;
};

}  // namespace dray::notifier
