#include "daemon/notifier/call.h"

#include <charconv>

#include "daemon/base/digest.h"
#include "daemon/base/quote.h"
#include "schemas/etag.h"
#include "schemas/limits.h"

namespace dray::notifier {
namespace {

enum class FieldType : uint8_t { text, number, boolean };
struct FieldSpec {
  std::string_view to;
  std::string_view from;
  FieldType type;
};

FieldSpec parse_field(std::string_view word) {
  FieldType type = FieldType::text;
  if (word.ends_with('#')) type = FieldType::number;
  if (word.ends_with('?')) type = FieldType::boolean;
  if (type != FieldType::text) word.remove_suffix(1);
  const size_t sign = word.find('=');
  if (sign == std::string_view::npos) return {word, word, type};
  return {word.substr(0, sign), word.substr(sign + 1), type};
}

Status write_field(JsonWriter& json, const FieldSpec& field, std::string_view value) {
  json.key(field.to);
  if (field.type == FieldType::text) {
    json.text(value);
    return {};
  }
  if (field.type == FieldType::boolean) {
    if (value != "true" && value != "false")
      return fail(ErrorCode::invalid, "{}: must be true or false", field.from);
    json.boolean(value == "true");
    return {};
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number == 0)
    return fail(ErrorCode::invalid, "{}: must be a whole number above 0", field.from);
  json.unsigned_integer(number);
  return {};
}

// What the person sent, in which nothing may stand that the address says already.
Status write_body(JsonWriter& json, const Call& call) {
  DRAY_TRY_ASSIGN(const JsonDocument document, json_of(call));
  const JsonValue body = document.root();
  if (!body.is_object()) return fail(ErrorCode::invalid, "the body must be a JSON object");
  for (const std::string_view key : body.keys()) {
    for (const std::string_view word : words(call.route.verb.from_path))
      if (parse_field(word).to == key)
        return fail(ErrorCode::invalid, "{}: is given by the address", key);
    if (call.route.verb.constants.find(fmt::format("\"{}\":", key)) != std::string_view::npos)
      return fail(ErrorCode::invalid, "{}: is given by the address", key);
    json.key(key);
    json.raw(body.find(key)->dump());
  }
  return {};
}

}  // namespace

Result<std::string> verb_body(const Call& call) {
  const VerbSpec& spec = call.route.verb;
  JsonWriter json;
  json.begin_object();
  for (const std::string_view word : words(spec.from_path)) {
    const FieldSpec field = parse_field(word);
    DRAY_TRY(write_field(json, field, call.parameter(field.from)));
  }
  for (const std::string_view word : words(spec.from_query)) {
    const FieldSpec field = parse_field(word);
    if (const auto value = call.request.parameter(field.from))
      DRAY_TRY(write_field(json, field, *value));
  }
  DRAY_TRY(write_body(json, call));
  json.end_object();
  std::string text = json.take();
  if (spec.constants.empty()) return text;
  text.pop_back();
  if (text.size() > 1) text += ',';
  return text + std::string(spec.constants) + "}";
}

namespace {

Result<std::string> member(const Call& call, const std::string& json) {
  const VerbSpec& spec = call.route.verb;
  if (spec.unwrap.empty() && spec.pick.empty()) return json;
  DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(json));
  const auto value = document.root().find(spec.unwrap.empty() ? spec.pick : spec.unwrap);
  if (!value) return fail(ErrorCode::corrupt, "the scheduler's answer lacks a part");
  if (!spec.unwrap.empty()) return value->dump();
  const std::string& name = call.path.back().value;
  for (size_t i = 0; i < value->size(); ++i)
    if (const auto found = value->at(i).find("name"); found && found->text() == name)
      return value->at(i).dump();
  return fail(ErrorCode::not_found, "there is no {} {}", spec.pick_kind, quoted(name));
}

}  // namespace

const std::string& Call::parameter(std::string_view name) const {
  const auto found = std::ranges::find(path, name, &PathParameter::name);
  DRAY_CHECK(found != path.end(), "a handler asks for a parameter that its path does not have");
  return found->value;
}

Result<uint64_t> number_parameter(const Call& call, std::string_view name, uint64_t otherwise,
                                  uint64_t min, uint64_t max) {
  const auto text = call.request.parameter(name);
  if (!text) return otherwise;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc{} && end == text->data() + text->size() && number >= min && number <= max)
    return number;
  return fail(ErrorCode::invalid, "{}: must be a whole number from {} to {}", name, min, max);
}

Result<std::optional<WallTime>> time_parameter(const Call& call, std::string_view name) {
  const auto text = call.request.parameter(name);
  if (!text) return std::nullopt;
  const Result<WallTime> time = parse_rfc3339(*text);
  if (time) return std::optional<WallTime>(*time);
  return std::unexpected(annotate(time.error(), name));
}

std::string text_parameter(const Call& call, std::string_view name) {
  return std::string(call.request.parameter(name).value_or(""));
}

Result<PageArgs> page_arguments(const Call& call) {
  PageArgs args;
  DRAY_TRY_ASSIGN(args.limit, number_parameter(call, "limit", args.limit, 1, limits::kMaxPageRows));
  DRAY_TRY_ASSIGN(args.cursor, number_parameter(call, "cursor", 0, 1, INT64_MAX));
  return args;
}

Result<JsonDocument> json_of(const Call& call) {
  const std::string& body = call.request.body;
  return annotate(JsonDocument::parse(body.empty() ? "{}" : body), "the body");
}

HttpReply problem(const Call& call, const Error& error) {
  if (is_changed_since(error))
    return refusal_reply(Refusal::precondition_failed, error.message, call.request);
  return problem_reply(error, call.request);
}

HttpReply answer(const Call& call, Result<std::string> json) {
  if (!json) return problem(call, json.error());
  if (call.route.status == 204) return empty_reply();
  return json_reply(std::move(*json), call.route.status);
}

Task<HttpReply> by_verb(Call& call) {
  Result<std::string> body = verb_body(call);
  if (!body) co_return problem(call, body.error());
  co_return co_await ask_verb(call, std::move(*body));
}

AskTerms terms_of(const Call& call) {
  AskTerms terms;
  terms.key = call.request.header("idempotency-key");
  // Not the verb's body: that may hold what is sealed anew each time.
  if (!terms.key.empty())
    terms.meaning = to_hex(sha256(fmt::format("{} {}\n{}", to_string(call.request.method),
                                              call.request.target, call.request.body)));
  const Route* get = call.api.router.sibling(call.route, Method::get);
  const std::string_view expected = call.request.header("if-match");
  if (get != nullptr && get->etag && expected != "*") terms.if_match = expected;
  return terms;
}

Task<HttpReply> ask_verb(Call& call, std::string body) {
  const AskTerms terms = terms_of(call);
  Result<std::string> json =
      co_await call.api.verbs.ask(call.who, call.route.verb.name, std::move(body), terms);
  if (json && call.route.status != 204) json = member(call, *json);
  co_return answer(call, std::move(json));
}

}  // namespace dray::notifier
