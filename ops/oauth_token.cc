#include "ops/oauth_token.h"

#include <algorithm>

#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "schemas/json_text.h"

namespace dray::ops {
namespace {

std::unexpected<Error> not_a_token() {
  return fail(ErrorCode::invalid,
              "that is not what `rclone authorize` prints; paste the text between the lines "
              "\"Paste the following into your remote machine\" and \"End paste\", from {{ to }}");
}

// "{...}" out of whatever stands around it.
std::string_view braces(std::string_view text) {
  const size_t begin = text.find('{');
  const size_t end = text.rfind('}');
  return begin == std::string_view::npos || end == std::string_view::npos || end < begin
             ? std::string_view()
             : text.substr(begin, end - begin + 1);
}

std::string text_field(const JsonValue& object, std::string_view key) {
  const std::optional<JsonValue> field = object.find(key);
  return field && field->text() ? std::string(*field->text()) : std::string();
}

// The longest word of base64, padded as our decoder wants it.
std::string longest_word(std::string_view text) {
  std::string best;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n"));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.size() > best.size()) best = word;
  }
  std::ranges::replace(best, '-', '+');
  std::ranges::replace(best, '_', '/');
  while (best.size() % 4 != 0)
    best += '=';
  return best;
}

Result<PastedToken> read_json(std::string_view text) {
  const Result<JsonDocument> document = JsonDocument::parse(text);
  if (!document || !document->root().is_object()) return not_a_token();
  const JsonValue root = document->root();
  if (text_field(root, "access_token").empty()) return not_a_token();
  return PastedToken{root.dump(), !text_field(root, "refresh_token").empty()};
}

}  // namespace

Result<PastedToken> read_pasted_token(std::string_view text) {
  if (const std::string_view json = braces(text); !json.empty()) return read_json(json);
  // Newer versions print a base64 object that holds the token's JSON as a text.
  Result<std::string> blob = base64_decode(longest_word(text));
  if (!blob) return not_a_token();
  const Result<JsonDocument> document = JsonDocument::parse(*blob);
  wipe(*blob);
  if (!document || !document->root().is_object()) return not_a_token();
  std::string token = text_field(document->root(), "token");
  Result<PastedToken> read = read_json(token);
  wipe(token);
  return read;
}

}  // namespace dray::ops
