#include "schemas/wire.h"

#include <msgpack.hpp>

#include "schemas/codec.h"

namespace dray {
namespace {

struct StringSink {
  std::string* out;
  void write(const char* data, size_t size) { out->append(data, size); }
};

msgpack::packer<StringSink> packer(StringSink& sink) {
  return msgpack::packer<StringSink>(sink);
}

const msgpack::object& object(const void* pointer) {
  return *static_cast<const msgpack::object*>(pointer);
}

}  // namespace

namespace wire {

void Writer::array(size_t items) {
  StringSink sink{out_};
  packer(sink).pack_array(static_cast<uint32_t>(items));
}
void Writer::nil() {
  StringSink sink{out_};
  packer(sink).pack_nil();
}
void Writer::boolean(bool value) {
  StringSink sink{out_};
  packer(sink).pack(value);
}
void Writer::unsigned_integer(uint64_t value) {
  StringSink sink{out_};
  packer(sink).pack_uint64(value);
}
void Writer::signed_integer(int64_t value) {
  StringSink sink{out_};
  packer(sink).pack_int64(value);
}
void Writer::floating(double value) {
  StringSink sink{out_};
  packer(sink).pack_double(value);
}
void Writer::text(std::string_view value) {
  StringSink sink{out_};
  packer(sink).pack_str(static_cast<uint32_t>(value.size()));
  packer(sink).pack_str_body(value.data(), static_cast<uint32_t>(value.size()));
}

bool Value::is_nil() const {
  return object(object_).type == msgpack::type::NIL;
}

std::optional<size_t> Value::array_size() const {
  const msgpack::object& o = object(object_);
  if (o.type != msgpack::type::ARRAY) return std::nullopt;
  return o.via.array.size;
}

Value Value::at(size_t index) const {
  return Value(&object(object_).via.array.ptr[index]);
}

std::optional<bool> Value::boolean() const {
  const msgpack::object& o = object(object_);
  if (o.type != msgpack::type::BOOLEAN) return std::nullopt;
  return o.via.boolean;
}

std::optional<uint64_t> Value::unsigned_integer() const {
  const msgpack::object& o = object(object_);
  if (o.type != msgpack::type::POSITIVE_INTEGER) return std::nullopt;
  return o.via.u64;
}

std::optional<int64_t> Value::signed_integer() const {
  const msgpack::object& o = object(object_);
  if (o.type == msgpack::type::NEGATIVE_INTEGER) return o.via.i64;
  if (o.type != msgpack::type::POSITIVE_INTEGER || o.via.u64 > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(o.via.u64);
}

std::optional<double> Value::floating() const {
  const msgpack::object& o = object(object_);
  if (o.type == msgpack::type::FLOAT64 || o.type == msgpack::type::FLOAT32) return o.via.f64;
  if (const auto integer = signed_integer()) return static_cast<double>(*integer);
  return std::nullopt;
}

std::optional<std::string_view> Value::text() const {
  const msgpack::object& o = object(object_);
  if (o.type == msgpack::type::STR) return std::string_view(o.via.str.ptr, o.via.str.size);
  if (o.type == msgpack::type::BIN) return std::string_view(o.via.bin.ptr, o.via.bin.size);
  return std::nullopt;
}

}  // namespace wire

namespace {

const msgpack::unpack_limit kLimits(limits::kMaxArrayItems, limits::kMaxArrayItems,
                                    limits::kMaxStringBytes, limits::kMaxStringBytes,
                                    limits::kMaxStringBytes, limits::kMaxDepth);

// Texts are borrowed from the frame instead of copied.
bool borrow(msgpack::type::object_type, size_t, void*) {
  return true;
}

Status handle_envelope(const msgpack::object& o,
                       const std::function<void(const Envelope&)>& handle) {
  const wire::Value envelope(&o);
  const auto size = envelope.array_size();
  if (!size || *size < 4) return fail(ErrorCode::invalid, "not an envelope of four values");
  const auto version = envelope.at(0).unsigned_integer();
  const auto type = envelope.at(1).unsigned_integer();
  const auto id = envelope.at(2).unsigned_integer();
  if (!version || !type || !id || *type > UINT16_MAX)
    return fail(ErrorCode::invalid, "not an envelope: version, type and id must be integers");
  if (*version != limits::kProtocolVersion)
    return fail(ErrorCode::invalid, "protocol version {} (this program speaks {})", *version,
                limits::kProtocolVersion);
  handle(Envelope(static_cast<MessageType>(*type), *id, envelope.at(3)));
  return {};
}

Status read_one(std::string_view frame, size_t& offset,
                const std::function<void(const Envelope&)>& handle) {
  try {
    const msgpack::object_handle handle_of_object =
        msgpack::unpack(frame.data(), frame.size(), offset, borrow, nullptr, kLimits);
    return handle_envelope(handle_of_object.get(), handle);
  } catch (const msgpack::unpack_error& e) {
    return fail(ErrorCode::invalid, "damaged: {}", e.what());
  }
}

}  // namespace

Status read_frame(std::string_view frame, const std::function<void(const Envelope&)>& handle) {
  size_t offset = 0;
  for (size_t count = 0; offset < frame.size(); ++count) {
    if (count == limits::kMaxMessagesPerFrame)
      return fail(ErrorCode::invalid, "frame: more than {} messages", limits::kMaxMessagesPerFrame);
    const size_t start = offset;
    const Status read = read_one(frame, offset, handle);
    if (!read) return annotate(read, fmt::format("frame: byte {}", start));
  }
  return {};
}

void append_envelope_head(std::string& frame, MessageType type, uint64_t id) {
  wire::Writer writer(frame);
  writer.array(4);
  writer.unsigned_integer(limits::kProtocolVersion);
  writer.unsigned_integer(static_cast<uint16_t>(type));
  writer.unsigned_integer(id);
}

std::unexpected<Error> Envelope::wrong_type(MessageType wanted) const {
  return fail(ErrorCode::invalid, "expected a {} message, got {}", to_string(wanted),
              to_string(type_));
}

std::unexpected<Error> Envelope::wrong_field(const wire::DecodeError& error) const {
  return fail(ErrorCode::invalid, "{}: {}{}{}", to_string(type_), error.path,
              error.path.empty() ? "" : " ", error.problem);
}

ErrorCode from_wire_code(uint8_t code) {
  const auto known = static_cast<ErrorCode>(code - 1);
  return known <= ErrorCode::corrupt ? known : ErrorCode::io;
}

}  // namespace dray
