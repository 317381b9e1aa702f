// What the broker puts in front of each payload on its link with the scheduler: the sender that it
// proved. On the way back the scheduler puts the receiver's session there. Pure.
//
//   broker -> scheduler   [session, 8 bytes, big-endian | role, 1 byte | name][payload]
//   scheduler -> broker   [session, 8 bytes, big-endian][payload]
//
// Session 0 is the broker itself; its role is 0 and its name empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/ids.h"

namespace dray {

struct Stamp {
  SessionId session;
  uint8_t role = 0;  // Role
  std::string name;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

std::string encode_stamp(const Stamp& stamp);
std::optional<Stamp> decode_stamp(std::string_view bytes);  // nullopt: shorter than a stamp

std::string encode_address(SessionId session);
std::optional<SessionId> decode_address(std::string_view bytes);  // nullopt: not 8 bytes

}  // namespace dray
