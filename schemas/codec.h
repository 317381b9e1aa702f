// Whole messages in frames. A frame is one or more envelopes, one after the other; an envelope is
// the msgpack array [protocol version, type, id, body].
//
// `id` is chosen by the sender of a question and carried back by its answer; 0 where nothing
// answers. Pure; safe on any input: sizes, depth and counts are capped (schemas/limits.h), nothing
// is allocated from a claimed length.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/messages.h"
#include "schemas/wire.h"

namespace dray {

// One envelope of a frame being read. Borrowed: valid inside the callback of read_frame only.
class Envelope {
 public:
  Envelope(MessageType type, uint64_t id, wire::Value body) : type_(type), id_(id), body_(body) {}
  MessageType type() const { return type_; }
  uint64_t id() const { return id_; }

  // invalid: "result: token.run: must be an integer in range"
  template <class Message>
  Result<Message> decode() const {
    Message message;
    wire::DecodeError error;
    if (type_ != Message::kType) return wrong_type(Message::kType);
    if (!wire::decode(body_, message, error)) return wrong_field(error);
    return message;
  }

 private:
  std::unexpected<Error> wrong_type(MessageType wanted) const;
  std::unexpected<Error> wrong_field(const wire::DecodeError& error) const;

  MessageType type_;
  uint64_t id_;
  wire::Value body_;
};

// Calls `handle` for every envelope in order. Unknown types are passed on too (the receiver answers
// NACK). Stops at the first damaged byte; what came before it has been handled.
// invalid: not msgpack, not an envelope, over a limit; the message says where.
Status read_frame(std::string_view frame, const std::function<void(const Envelope&)>& handle);

void append_envelope_head(std::string& frame, MessageType type, uint64_t id);

// Appends one message to a frame.
template <class Message>
void append_message(std::string& frame, const Message& message, uint64_t id = 0) {
  append_envelope_head(frame, Message::kType, id);
  wire::Writer writer(frame);
  wire::encode(writer, message);
}

template <class Message>
std::string encode_message(const Message& message, uint64_t id = 0) {
  std::string frame;
  append_message(frame, message, id);
  return frame;
}

// Response codes: 0 is success.
constexpr uint8_t to_wire_code(ErrorCode code) {
  return static_cast<uint8_t>(code) + 1;
}
ErrorCode from_wire_code(uint8_t code);  // code != 0; an unknown one reads as `io`

}  // namespace dray
