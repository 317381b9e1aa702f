// multipart/form-data as it streams in: fields whole, a file piece by piece, in bounded memory.
// Pure and safe on any input.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::notifier {

// The boundary in a Content-Type. invalid: it is another type, or has none.
Result<std::string> multipart_boundary(std::string_view content_type);

class MultipartReader {
 public:
  static constexpr size_t kMaxPartHead = 4 << 10;
  static constexpr size_t kMaxFieldBytes = 64 << 10;
  static constexpr size_t kMaxFields = 32;

  class Handler {
   public:
    virtual ~Handler() = default;
    virtual Status on_field(std::string name, std::string value) = 0;
    // A part with a file name begins; its bytes and its end follow.
    virtual Status on_file(std::string name, std::string file_name) = 0;
    virtual Status on_bytes(std::string_view bytes) = 0;
    virtual Status on_file_end() = 0;
  };

  explicit MultipartReader(std::string_view boundary);

  // invalid: it is not what it says, or over a limit; and whatever the handler returns.
  Status feed(std::string_view bytes, Handler& handler);
  // Call behind the last byte. invalid: it is not complete.
  Status finish() const;

 private:
  enum class State { before, head, field, file, over };
  Status step(Handler& handler, bool& moved);
  Status begin_part(std::string_view head, Handler& handler);
  Status take_content(Handler& handler, bool& moved);
  Status pass_on(std::string_view bytes, Handler& handler);

  std::string delimiter_;  // "\r\n--boundary"
  std::string pending_;    // not consumed yet
  State state_ = State::before;
  size_t parts_ = 0;
  std::string name_;
  std::string value_;
};

}  // namespace dray::notifier
