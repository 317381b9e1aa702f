#include "daemon/notifier/live_frames.h"

#include "daemon/base/digest.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kAcceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kKeyBytes = 16;
constexpr uint8_t kLast = 0x80, kDeflated = 0x40, kReserved = 0x30, kOpcode = 0x0f;
constexpr uint8_t kMasked = 0x80, kLength = 0x7f;
constexpr uint8_t kTwoBytes = 126, kEightBytes = 127;
constexpr size_t kMaxControlBytes = 125;
constexpr size_t kMaskBytes = 4;

void append_big_endian(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out += static_cast<char>(value >> (8 * i));
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes)
    value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

bool is_control(Opcode opcode) {
  return static_cast<uint8_t>(opcode) >= 8;
}

bool is_opcode(uint8_t value) {
  return value <= 2 || (value >= 8 && value <= 10);
}

void unmask(std::string& payload, uint32_t mask) {
  for (size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ static_cast<char>(mask >> (8 * (3 - i % 4))));
}

}  // namespace

bool is_websocket_key(std::string_view key) {
  const Result<std::string> bytes = base64_decode(key);
  return bytes && bytes->size() == kKeyBytes;
}

std::string websocket_accept(std::string_view key) {
  Digest digest(DigestKind::sha1);
  digest.update(key);
  digest.update(kAcceptSalt);
  return base64_encode(digest.finish());
}

std::string frame_of(Opcode opcode, std::string_view payload, bool deflated) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame += static_cast<char>(kLast | (deflated ? kDeflated : 0) | static_cast<uint8_t>(opcode));
  if (payload.size() < kTwoBytes) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() <= UINT16_MAX) {
    frame += static_cast<char>(kTwoBytes);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(kEightBytes);
    append_big_endian(frame, payload.size(), 8);
  }
  frame += payload;
  return frame;
}

std::string close_frame(CloseCode code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, static_cast<uint16_t>(code), 2);
  payload += shorten(reason, kMaxControlBytes - 2);
  return frame_of(Opcode::close, payload);
}

FrameReader::Parse FrameReader::parse_head(std::string_view bytes, Head& head,
                                           CloseCode& code) const {
  if (bytes.size() < 2) return Parse::incomplete;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto second = static_cast<uint8_t>(bytes[1]);
  code = CloseCode::protocol_error;
  if ((first & kReserved) != 0 || !is_opcode(first & kOpcode) || (second & kMasked) == 0)
    return Parse::broken;
  head.opcode = static_cast<Opcode>(first & kOpcode);
  head.last = (first & kLast) != 0;
  head.deflated = (first & kDeflated) != 0;
  head.length = second & kLength;
  const size_t extra = head.length == kTwoBytes ? 2 : head.length == kEightBytes ? 8 : 0;
  head.bytes = 2 + extra + kMaskBytes;
  if (bytes.size() < head.bytes) return Parse::incomplete;
  if (extra > 0) {
    head.length = big_endian(bytes.substr(2, extra));
    if (head.length < (extra == 2 ? kTwoBytes : UINT16_MAX + 1u)) return Parse::broken;
  }
  head.mask = static_cast<uint32_t>(big_endian(bytes.substr(2 + extra, kMaskBytes)));
  if (const auto refused = check(head)) {
    code = *refused;
    return Parse::broken;
  }
  return Parse::complete;
}

std::optional<CloseCode> FrameReader::check(const Head& head) const {
  const auto protocol_unless = [](bool good) {
    return good ? std::optional<CloseCode>() : CloseCode::protocol_error;
  };
  if (is_control(head.opcode))
    return protocol_unless(head.last && !head.deflated && head.length <= kMaxControlBytes);
  const bool continues = head.opcode == Opcode::continuation;
  if (continues != open_.has_value()) return CloseCode::protocol_error;
  if (head.deflated && (continues || !deflate_)) return CloseCode::protocol_error;
  if (head.length > max_bytes_ || message_.size() + head.length > max_bytes_)
    return CloseCode::too_big;
  return protocol_unless(fragments_ < kMaxFragments);
}

std::optional<CloseCode> FrameReader::take(const Head& head, std::string_view payload,
                                           const Handler& handler) {
  std::string text(payload);
  unmask(text, head.mask);
  if (is_control(head.opcode)) {
    handler({head.opcode, std::move(text), false});
    return std::nullopt;
  }
  if (head.opcode != Opcode::continuation) {
    open_ = head.opcode;
    deflated_ = head.deflated;
  }
  message_ += text;
  fragments_ += 1;
  if (!head.last) return std::nullopt;
  Message message{*open_, std::move(message_), deflated_};
  open_.reset();
  message_.clear();
  fragments_ = 0;
  if (message.opcode == Opcode::text && !message.deflated && !is_valid_utf8(message.payload))
    return CloseCode::invalid_data;
  handler(std::move(message));
  return std::nullopt;
}

std::optional<CloseCode> FrameReader::feed(std::string_view bytes, const Handler& handler) {
  buffer_ += bytes;
  std::string_view rest = buffer_;
  while (true) {
    Head head;
    CloseCode code{};
    const Parse parsed = parse_head(rest, head, code);
    if (parsed == Parse::broken) return code;
    if (parsed == Parse::incomplete || rest.size() - head.bytes < head.length) break;
    const auto length = static_cast<size_t>(head.length);
    if (const auto refused = take(head, rest.substr(head.bytes, length), handler)) return refused;
    rest.remove_prefix(head.bytes + length);
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  // An idle connection holds nothing.
  if (buffer_.empty()) buffer_.shrink_to_fit();
  return std::nullopt;
}

}  // namespace dray::notifier
