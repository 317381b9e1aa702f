// Compression of WebSocket messages (permessage-deflate, RFC 7692), each by itself: without a
// context that connections would keep, one compressed message serves all of them. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::notifier {

// The answer to a Sec-WebSocket-Extensions header; nullopt: nothing in it that we take.
std::optional<std::string> accept_deflate(std::string_view offers);

// Shorter messages gain less than the reader's work costs.
inline constexpr size_t kDeflateFromBytes = 1024;

class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // The payload of a compressed message.
  std::string deflate(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // made with the first message: a quarter of a megabyte
};

// invalid: not compressed data; exhausted: it becomes longer than `max_bytes`.
Result<std::string> inflate(std::string_view payload, size_t max_bytes);

}  // namespace dray::notifier
