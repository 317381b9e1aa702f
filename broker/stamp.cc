#include "broker/stamp.h"

namespace dray {
namespace {

constexpr size_t kSessionBytes = 8;

SessionId read_session(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kSessionBytes; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return SessionId{value};
}

}  // namespace

std::string encode_address(SessionId session) {
  std::string bytes(kSessionBytes, '\0');
  for (size_t i = 0; i < kSessionBytes; ++i)
    bytes[i] = static_cast<char>(session.value >> (8 * (kSessionBytes - 1 - i)));
  return bytes;
}

std::optional<SessionId> decode_address(std::string_view bytes) {
  if (bytes.size() != kSessionBytes) return std::nullopt;
  return read_session(bytes);
}

std::string encode_stamp(const Stamp& stamp) {
  return encode_address(stamp.session) + static_cast<char>(stamp.role) + stamp.name;
}

std::optional<Stamp> decode_stamp(std::string_view bytes) {
  if (bytes.size() < kSessionBytes + 1) return std::nullopt;
  return Stamp{read_session(bytes), static_cast<uint8_t>(bytes[kSessionBytes]),
               std::string(bytes.substr(kSessionBytes + 1))};
}

}  // namespace dray
