// JSON text: a writer and a reader, without a JSON library in sight. json_fields.h turns whole
// structs into it and back.
//
// Pure and safe on any input: size, depth and duplicate keys are checked, the text that goes out is
// one line without raw control characters. nlohmann/json is used by json_text.cc and nobody else.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace dray {

// ── Text out ────────────────────────────────────────────────────────────────────────────────────

// Builds one JSON value. Commas are its business: inside an object every value follows a key().
class JsonWriter {
 public:
  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void null();
  void boolean(bool value);
  void unsigned_integer(uint64_t value);
  void signed_integer(int64_t value);
  void floating(double value);  // not finite: null
  void text(std::string_view value);
  void raw(std::string_view json);  // one finished JSON value, trusted
  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  bool need_comma_ = false;
};

// ── Text in ─────────────────────────────────────────────────────────────────────────────────────

// One value of a JsonDocument, borrowed from it.
class JsonValue {
 public:
  explicit JsonValue(const void* value) : value_(value) {}
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  std::optional<bool> boolean() const;
  std::optional<uint64_t> unsigned_integer() const;  // -1 and 1.5 are none
  std::optional<int64_t> signed_integer() const;
  std::optional<double> floating() const;  // integers too
  std::optional<std::string_view> text() const;
  size_t size() const;               // of an array or object, else 0
  JsonValue at(size_t index) const;  // of an array, index < size()
  std::optional<JsonValue> find(std::string_view key) const;
  std::vector<std::string_view> keys() const;  // of an object, sorted
  std::string dump() const;                    // as text again

 private:
  const void* value_;
};

class JsonDocument {
 public:
  static constexpr size_t kMaxDepth = 32;
  static constexpr size_t kMaxBytes = 1 << 20;

  // invalid: not JSON (with line and column), over a limit, a key twice in one object.
  static Result<JsonDocument> parse(std::string_view text);
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();
  JsonValue root() const;

 private:
  struct Impl;
  explicit JsonDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
