// One message of a frame, decoded.
#pragma once

#include <string_view>

#include "schemas/codec.h"

namespace dray {

template <class Message>
Result<Message> decode_one(std::string_view bytes) {
  Result<Message> out = fail(ErrorCode::invalid, "not a message");
  const Status read =
      read_frame(bytes, [&](const Envelope& envelope) { out = envelope.decode<Message>(); });
  if (!read) return std::unexpected(read.error());
  return out;
}

}  // namespace dray
