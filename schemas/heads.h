// Reads only the heads of a frame: for the broker, which forwards messages without knowing their
// bodies. Walks every value of the frame all the same, so that what is forwarded is whole msgpack
// within the limits of limits.h: the same frames pass here and in read_frame (codec.h).
//
// Pure; allocates nothing but the rows of `heads`; a value costs a few nanoseconds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/messages.h"

namespace dray {

struct MessageHead {
  MessageType type{};
  uint64_t id = 0;
  std::string_view bytes;  // the whole envelope, borrowed from the frame
};

// Fills `heads` in order (it is cleared first). invalid: damaged, not an envelope, over a limit;
// the message says where, and `heads` then holds what came before.
Status read_heads(std::string_view frame, std::vector<MessageHead>& heads);

}  // namespace dray
