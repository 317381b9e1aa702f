#include "schemas/json_fields.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "schemas/job_json.h"
#include "schemas/weekdays.h"

namespace dray {
namespace {

std::string allowed_list(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string suggestion(std::string_view text, const std::vector<std::string_view>& names) {
  const std::string_view near = closest_match(text, names);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

}  // namespace

namespace json_detail {

std::string bytes_to_text(std::string_view bytes) {
  return base64_encode(bytes);
}

bool bytes_from_text(std::string_view text, std::string& out, wire::DecodeError& error) {
  Result<std::string> bytes = base64_decode(text);
  if (!bytes) {
    error.wrong("must be base64 text");
    return false;
  }
  out = std::move(*bytes);
  return true;
}

std::string weekdays_to_text(WeekdaySet set) {
  return set == 0 ? "" : weekdays_text(set);
}

bool weekdays_from(const JsonValue& value, WeekdaySet& out, wire::DecodeError& error) {
  std::string words;
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      words += fmt::format("{}{}", i ? "," : "", value.at(i).text().value_or("?"));
  } else if (const auto text = value.text()) {
    words = *text;
  } else {
    error.wrong("must be weekdays like \"mon,wed\" or [\"mon\", \"wed\"]");
    return false;
  }
  out = 0;
  if (words.empty()) return true;
  const Result<WeekdaySet> set = parse_weekdays(words);
  if (!set) {
    error.wrong(set.error().message);
    return false;
  }
  out = *set;
  return true;
}

std::string endpoint_to_text(const Endpoint& endpoint) {
  if (endpoint.remote.empty() && endpoint.path.empty()) return "";
  return fmt::format("{}:{}", endpoint.remote, endpoint.path);
}

bool endpoint_from(const JsonValue& value, Endpoint& out, wire::DecodeError& error) {
  if (const auto text = value.text()) {
    out = Endpoint{};
    if (text->empty()) return true;  // none: some kinds of jobs have no source or destination
    const Result<Endpoint> endpoint = parse_endpoint(*text);
    if (!endpoint) {
      error.wrong(endpoint.error().message);
      return false;
    }
    out = *endpoint;
    return true;
  }
  if (!value.is_object()) {
    error.wrong("must be a text like \"remote:path\"");
    return false;
  }
  out = Endpoint{};
  return read_fields(value, out, JsonReadOptions{}, error);
}

bool time_from(const JsonValue& value, WallTime& out, wire::DecodeError& error) {
  if (value.is_null()) {
    out = WallTime{};
    return true;
  }
  const Result<WallTime> time = parse_rfc3339(value.text().value_or(""));
  if (!time) {
    error.wrong("must be a time like \"2026-11-20T05:47:03Z\"");
    return false;
  }
  out = *time;
  return true;
}

void wrong_integer(wire::DecodeError& error, int64_t min, uint64_t max) {
  error.wrong(fmt::format("must be a whole number from {} to {}", min, max));
}

void wrong_enum(wire::DecodeError& error, const JsonValue& value, std::string_view what,
                std::vector<std::string_view> names) {
  const std::string_view text = value.text().value_or("");
  error.wrong(fmt::format("{} is not a {}; allowed: {}{}", quoted(text), what, allowed_list(names),
                          suggestion(text, names)));
}

bool check_keys(const JsonValue& object, const std::vector<std::string_view>& known,
                wire::DecodeError& error) {
  for (const std::string_view key : object.keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    error.wrong(fmt::format("{} is not known; allowed: {}{}", quoted(key), allowed_list(known),
                            suggestion(key, known)));
    return false;
  }
  return true;
}

}  // namespace json_detail

DRAY_JSON_ONCE(, AttemptReport);
DRAY_JSON_ONCE(, JobSpec);
DRAY_JSON_ONCE(, RunTask);

}  // namespace dray
