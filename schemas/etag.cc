#include "schemas/etag.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/base/digest.h"
#include "schemas/json_text.h"

namespace dray {
namespace {

constexpr size_t kDigits = 32;
constexpr std::string_view kPassing[] = {
    "busy",      "connected", "jobs",         "last_address", "last_login_at", "last_run",
    "last_runs", "last_seen", "last_used_at", "next_due",     "progress",
};

constexpr std::string_view kChangedSince = "it was changed since it was looked at";

bool passes(std::string_view key) {
  return std::ranges::find(kPassing, key) != std::end(kPassing);
}

std::string lasting_part(const JsonValue& value) {
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const std::string_view key : value.keys())
    if (!passes(key)) text += fmt::format("{}={};", key, lasting_part(*value.find(key)));
  return text;
}

}  // namespace

std::string etag_of(std::string_view content) {
  const Result<JsonDocument> document = JsonDocument::parse(content);
  const std::string hash = sha256(document ? lasting_part(document->root()) : std::string(content));
  return fmt::format("\"{}\"", to_hex(hash).substr(0, kDigits));
}

std::unexpected<Error> fail_changed_since() {
  return fail(ErrorCode::conflict, "{}", kChangedSince);
}

bool is_changed_since(const Error& error) {
  return error.code == ErrorCode::conflict && error.message == kChangedSince;
}

}  // namespace dray
