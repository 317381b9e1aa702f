#include "schemas/json_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

using Json = nlohmann::json;

const Json& json(const void* value) {
  return *static_cast<const Json*>(value);
}

// Follows the parser through the text and stops it at what JSON allows and we do not.
class Gate {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (!problem_.empty()) return false;
    using Event = Json::parse_event_t;
    if (depth >= static_cast<int>(JsonDocument::kMaxDepth)) refuse("is nested too deeply");
    if (event == Event::object_start) {
      keys_.emplace_back();
    } else if (event == Event::object_end) {
      keys_.pop_back();
    } else if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        refuse(fmt::format("holds {} twice", dray::quoted(key)));
    }
    return problem_.empty();
  }
  const std::string& problem() const { return problem_; }

 private:
  void refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

}  // namespace

// ── Writer ──────────────────────────────────────────────────────────────────────────────────────

void JsonWriter::separate() {
  if (need_comma_) out_ += ',';
  need_comma_ = true;
}
void JsonWriter::begin_object() {
  separate();
  out_ += '{';
  need_comma_ = false;
}
void JsonWriter::end_object() {
  out_ += '}';
  need_comma_ = true;
}
void JsonWriter::begin_array() {
  separate();
  out_ += '[';
  need_comma_ = false;
}
void JsonWriter::end_array() {
  out_ += ']';
  need_comma_ = true;
}
void JsonWriter::key(std::string_view name) {
  separate();
  out_ += json_quote(name);
  out_ += ':';
  need_comma_ = false;
}
void JsonWriter::null() {
  raw("null");
}
void JsonWriter::boolean(bool value) {
  raw(value ? "true" : "false");
}
void JsonWriter::unsigned_integer(uint64_t value) {
  raw(fmt::format_int(value).str());
}
void JsonWriter::signed_integer(int64_t value) {
  raw(fmt::format_int(value).str());
}
void JsonWriter::floating(double value) {
  raw(std::isfinite(value) ? fmt::format("{}", value) : "null");
}
void JsonWriter::text(std::string_view value) {
  raw(json_quote(value));
}
void JsonWriter::raw(std::string_view json_text) {
  separate();
  out_ += json_text;
}

// ── Reader ──────────────────────────────────────────────────────────────────────────────────────

bool JsonValue::is_null() const {
  return json(value_).is_null();
}
bool JsonValue::is_object() const {
  return json(value_).is_object();
}
bool JsonValue::is_array() const {
  return json(value_).is_array();
}
std::optional<bool> JsonValue::boolean() const {
  if (!json(value_).is_boolean()) return std::nullopt;
  return json(value_).get<bool>();
}
std::optional<uint64_t> JsonValue::unsigned_integer() const {
  if (!json(value_).is_number_unsigned()) return std::nullopt;
  return json(value_).get<uint64_t>();
}
std::optional<int64_t> JsonValue::signed_integer() const {
  const Json& value = json(value_);
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}
std::optional<double> JsonValue::floating() const {
  if (!json(value_).is_number()) return std::nullopt;
  return json(value_).get<double>();
}
std::optional<std::string_view> JsonValue::text() const {
  if (!json(value_).is_string()) return std::nullopt;
  return std::string_view(json(value_).get_ref<const std::string&>());
}
size_t JsonValue::size() const {
  return json(value_).is_structured() ? json(value_).size() : 0;
}
JsonValue JsonValue::at(size_t index) const {
  return JsonValue(&json(value_)[index]);
}
std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  const Json& value = json(value_);
  if (!value.is_object()) return std::nullopt;
  const auto found = value.find(key);
  if (found == value.end()) return std::nullopt;
  return JsonValue(&*found);
}
std::vector<std::string_view> JsonValue::keys() const {
  std::vector<std::string_view> names;
  if (!is_object()) return names;
  for (const auto& item : json(value_).items())
    names.emplace_back(item.key());
  return names;
}
std::string JsonValue::dump() const {
  return json(value_).dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct JsonDocument::Impl {
  Json root;
};

JsonDocument::JsonDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const {
  return JsonValue(&impl_->root);
}

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  if (text.size() > kMaxBytes)
    return fail(ErrorCode::invalid, "is {} bytes of JSON; allowed: {}", text.size(), kMaxBytes);
  auto impl = std::make_unique<Impl>();
  Gate gate;
  try {
    // The parser copies its callback; the reference keeps the findings here.
    impl->root = Json::parse(text, [&gate](int depth, Json::parse_event_t event, Json& value) {
      return gate(depth, event, value);
    });
  } catch (const Json::parse_error& error) {
    const std::string_view head = text.substr(0, error.byte ? error.byte - 1 : 0);
    const auto line = 1 + std::count(head.begin(), head.end(), '\n');
    const size_t column = head.size() - (head.rfind('\n') + 1) + 1;
    return fail(ErrorCode::invalid, "is not JSON: wrong at line {}, column {}", line, column);
  } catch (const Json::exception&) {
    return fail(ErrorCode::invalid, "is not JSON: a number is out of range");
  }
  if (!gate.problem().empty()) return fail(ErrorCode::invalid, "{}", gate.problem());
  return JsonDocument(std::move(impl));
}

}  // namespace dray
