#include "schemas/heads.h"

#include <cstddef>
#include <optional>

#include "schemas/limits.h"

namespace dray {
namespace {

enum class Kind : uint8_t { nothing, fixed, text, array, map, extension };

// What follows a first byte: `size_bytes` bytes of length, then that many (or `fixed`) bytes or
// values.
struct Shape {
  Kind kind = Kind::nothing;
  uint8_t size_bytes = 0;
  uint8_t fixed = 0;
};

// 0xc0 to 0xdf of the msgpack specification. 0xc1 is never used.
constexpr Shape kShapes[32] = {
    {Kind::fixed, 0, 0},     {Kind::nothing, 0, 0},   {Kind::fixed, 0, 0}, {Kind::fixed, 0, 0},
    {Kind::text, 1, 0},      {Kind::text, 2, 0},      {Kind::text, 4, 0},  {Kind::extension, 1, 0},
    {Kind::extension, 2, 0}, {Kind::extension, 4, 0}, {Kind::fixed, 0, 4}, {Kind::fixed, 0, 8},
    {Kind::fixed, 0, 1},     {Kind::fixed, 0, 2},     {Kind::fixed, 0, 4}, {Kind::fixed, 0, 8},
    {Kind::fixed, 0, 1},     {Kind::fixed, 0, 2},     {Kind::fixed, 0, 4}, {Kind::fixed, 0, 8},
    {Kind::fixed, 0, 2},     {Kind::fixed, 0, 3},     {Kind::fixed, 0, 5}, {Kind::fixed, 0, 9},
    {Kind::fixed, 0, 17},    {Kind::text, 1, 0},      {Kind::text, 2, 0},  {Kind::text, 4, 0},
    {Kind::array, 2, 0},     {Kind::array, 4, 0},     {Kind::map, 2, 0},   {Kind::map, 4, 0},
};

constexpr Shape shape_of(uint8_t first) {
  if (first <= 0x7f || first >= 0xe0) return {Kind::fixed, 0, 0};
  if (first <= 0x8f) return {Kind::map, 0, static_cast<uint8_t>(first & 0x0f)};
  if (first <= 0x9f) return {Kind::array, 0, static_cast<uint8_t>(first & 0x0f)};
  if (first <= 0xbf) return {Kind::text, 0, static_cast<uint8_t>(first & 0x1f)};
  return kShapes[first - 0xc0];
}

class Reader {
 public:
  explicit Reader(std::string_view frame) : frame_(frame) {}
  size_t offset() const { return offset_; }
  bool at_end() const { return offset_ == frame_.size(); }

  // The number of values in the array that starts here.
  Result<uint64_t> array() {
    const auto first = byte();
    if (!first) return truncated();
    const Shape shape = shape_of(*first);
    if (shape.kind != Kind::array) return fail(ErrorCode::invalid, "not an envelope");
    return length(shape);
  }

  Result<uint64_t> unsigned_integer() {
    const auto first = byte();
    if (!first) return truncated();
    if (*first <= 0x7f) return *first;
    if (*first < 0xcc || *first > 0xcf)
      return fail(ErrorCode::invalid, "not an envelope: version, type and id must be integers");
    const auto value = big_endian(size_t{1} << (*first - 0xcc));
    if (!value) return truncated();
    return *value;
  }

  Status skip(size_t depth) {
    const auto first = byte();
    if (!first) return truncated();
    const Shape shape = shape_of(*first);
    if (shape.kind == Kind::nothing) return fail(ErrorCode::invalid, "damaged");
    if (shape.kind == Kind::fixed) return advance(shape.fixed);
    DRAY_TRY_ASSIGN(const uint64_t size, length(shape));
    switch (shape.kind) {
      case Kind::text:
        return skip_text(size);
      case Kind::extension:
        return skip_text(size + 1);
      case Kind::map:
        return skip_values(size, 2, depth);
      default:
        return skip_values(size, 1, depth);
    }
  }

 private:
  static std::unexpected<Error> truncated() {
    return fail(ErrorCode::invalid, "damaged: ends inside a value");
  }

  std::optional<uint8_t> byte() {
    if (at_end()) return std::nullopt;
    return static_cast<uint8_t>(frame_[offset_++]);
  }

  std::optional<uint64_t> big_endian(size_t bytes) {
    if (frame_.size() - offset_ < bytes) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<uint8_t>(frame_[offset_++]);
    return value;
  }

  Result<uint64_t> length(const Shape& shape) {
    if (shape.size_bytes == 0) return shape.fixed;
    const auto size = big_endian(shape.size_bytes);
    if (!size) return truncated();
    return *size;
  }

  Status advance(uint64_t bytes) {
    if (frame_.size() - offset_ < bytes) return truncated();
    offset_ += bytes;
    return {};
  }

  Status skip_text(uint64_t size) {
    if (size > limits::kMaxStringBytes) return fail(ErrorCode::invalid, "a text is too long");
    return advance(size);
  }

  Status skip_values(uint64_t count, uint64_t values_each, size_t depth) {
    if (count > limits::kMaxArrayItems) return fail(ErrorCode::invalid, "an array is too long");
    if (depth >= limits::kMaxDepth) return fail(ErrorCode::invalid, "values are nested too deep");
    for (uint64_t i = 0; i < count * values_each; ++i)
      DRAY_TRY(skip(depth + 1));
    return {};
  }

  std::string_view frame_;
  size_t offset_ = 0;
};

Status read_head(Reader& reader, MessageHead& head) {
  DRAY_TRY_ASSIGN(const uint64_t size, reader.array());
  if (size < 4 || size > limits::kMaxArrayItems)
    return fail(ErrorCode::invalid, "not an envelope of four values");
  DRAY_TRY_ASSIGN(const uint64_t version, reader.unsigned_integer());
  DRAY_TRY_ASSIGN(const uint64_t type, reader.unsigned_integer());
  DRAY_TRY_ASSIGN(head.id, reader.unsigned_integer());
  if (version != limits::kProtocolVersion)
    return fail(ErrorCode::invalid, "protocol version {} (this program speaks {})", version,
                limits::kProtocolVersion);
  if (type > UINT16_MAX) return fail(ErrorCode::invalid, "not an envelope: the type is too large");
  head.type = static_cast<MessageType>(type);
  for (uint64_t i = 3; i < size; ++i)
    DRAY_TRY(reader.skip(1));
  return {};
}

}  // namespace

Status read_heads(std::string_view frame, std::vector<MessageHead>& heads) {
  heads.clear();
  Reader reader(frame);
  while (!reader.at_end()) {
    if (heads.size() == limits::kMaxMessagesPerFrame)
      return fail(ErrorCode::invalid, "frame: more than {} messages", limits::kMaxMessagesPerFrame);
    const size_t start = reader.offset();
    MessageHead head;
    const Status read = read_head(reader, head);
    if (!read) return annotate(read, fmt::format("frame: byte {}", start));
    head.bytes = frame.substr(start, reader.offset() - start);
    heads.push_back(head);
  }
  return {};
}

}  // namespace dray
