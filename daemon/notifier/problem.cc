#include "daemon/notifier/problem.h"

#include <algorithm>

#include "daemon/base/log.h"
#include "schemas/json_text.h"

namespace dray::notifier {
namespace {

struct CodeRow {
  ErrorCode code;
  unsigned status;
  std::string_view word;
  std::string_view hint;
};
constexpr CodeRow kCodes[] = {
    {ErrorCode::invalid, 400, "invalid", "correct the request; the same one will fail again"},
    {ErrorCode::not_found, 404, "not_found", "look at the list that it should be in"},
    {ErrorCode::denied, 403, "denied", "ask somebody with the scope that it needs"},
    {ErrorCode::conflict, 409, "conflict", "the state does not allow this now; look at it again"},
    {ErrorCode::timeout, 504, "timeout",
     "whether it was done is not known; repeat it with the same Idempotency-Key"},
    {ErrorCode::unavailable, 503, "unavailable", "try again later"},
    {ErrorCode::exhausted, 503, "exhausted", "a limit is reached; ask for less, or free something"},
    {ErrorCode::io, 500, "io", "look at the log of the server"},
    {ErrorCode::corrupt, 500, "corrupt", "look at the log of the server"},
};

struct RefusalRow {
  Refusal refusal;
  unsigned status;
  std::string_view word;
  std::string_view hint;
};
constexpr RefusalRow kRefusals[] = {
    {Refusal::unauthenticated, 401, "unauthenticated",
     "log in, or send a token that is valid: Authorization: Bearer dray_..."},
    {Refusal::denied, 403, "denied", "ask somebody with the scope that it needs"},
    {Refusal::csrf, 403, "csrf",
     "send X-Dray-Csrf with the value of csrf of GET /api/v1/me, from a page of this server"},
    {Refusal::rate_limited, 429, "rate_limited", "wait a minute"},
    {Refusal::too_large, 413, "too_large", "send less"},
    {Refusal::method_not_allowed, 405, "method_not_allowed", "the header Allow says what there is"},
    {Refusal::precondition_failed, 412, "precondition_failed",
     "somebody changed it meanwhile: get it again"},
    {Refusal::unsupported_media_type, 415, "unsupported_media_type",
     "send Content-Type: application/json"},
    {Refusal::misdirected, 421, "misdirected",
     "use an address of this server; further names are set in notifier.hosts"},
    {Refusal::header_too_large, 431, "header_too_large", "send fewer and shorter headers"},
    {Refusal::uri_too_long, 414, "uri_too_long", "send a shorter address"},
    {Refusal::request_timeout, 408, "request_timeout", "send the request faster"},
    {Refusal::not_found, 404, "not_found", "GET /api/v1/openapi.yaml says what there is"},
    {Refusal::overloaded, 503, "exhausted", "try again later"},
};

const CodeRow& row_of(ErrorCode code) {
  const auto* row = std::ranges::find(kCodes, code, &CodeRow::code);
  return row == std::end(kCodes) ? kCodes[std::size(kCodes) - 1] : *row;
}

struct Problem {
  unsigned status;
  std::string_view word;
  std::string_view hint;
  std::string_view detail;
};

HttpReply reply_of(const Problem& problem, const HttpRequest& request,
                   const ProblemExtras& extras) {
  JsonWriter json;
  json.begin_object();
  const auto text = [&json](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    json.key(key);
    json.text(value);
  };
  text("type", "about:blank");
  text("title", reason_phrase(problem.status));
  json.key("status");
  json.unsigned_integer(problem.status);
  text("detail", problem.detail);
  text("code", problem.word);
  text("hint", problem.hint);
  text("field", extras.field);
  text("request_id", request.id);
  if (extras.run) {
    json.key("run");
    json.unsigned_integer(extras.run.value);
  }
  json.end_object();
  HttpReply reply = json_reply(json.take(), problem.status);
  reply.content_type = "application/problem+json";
  return reply;
}

// "job 'x': options.transfers: must be ..." -> "options.transfers": the last word before a colon
// that could be the name of a field.
std::string field_in(std::string_view message) {
  std::string field;
  while (true) {
    const size_t end = message.find(": ");
    if (end == std::string_view::npos) return field;
    const std::string_view word = message.substr(0, end);
    const bool named = !word.empty() && std::ranges::all_of(word, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
             c == ']';
    });
    if (named) field = std::string(word);
    message.remove_prefix(end + 2);
  }
}

}  // namespace

std::string_view problem_code(ErrorCode code) {
  return row_of(code).word;
}

unsigned problem_status(ErrorCode code) {
  return row_of(code).status;
}

HttpReply problem_reply(const Error& error, const HttpRequest& request) {
  return problem_reply(error, request, ProblemExtras{});
}

HttpReply problem_reply(const Error& error, const HttpRequest& request,
                        const ProblemExtras& extras) {
  const CodeRow& row = row_of(error.code);
  ProblemExtras all = extras;
  if (all.field.empty() && error.code == ErrorCode::invalid) all.field = field_in(error.message);
  // What the system said names paths and statements: it stays in the log.
  const bool inside = error.code == ErrorCode::io || error.code == ErrorCode::corrupt;
  if (inside)
    log_error({"api.failed", {{"request", request.id}}}, "{} {}: {}", to_string(request.method),
              request.target, error.message);
  const std::string_view detail =
      inside ? "the server could not do it; its log says why, beside this request_id"
             : std::string_view(error.message);
  return reply_of({row.status, row.word, row.hint, detail}, request, all);
}

HttpReply refusal_reply(Refusal refusal, std::string_view detail, const HttpRequest& request) {
  const auto* row = std::ranges::find(kRefusals, refusal, &RefusalRow::refusal);
  HttpReply reply = reply_of({row->status, row->word, row->hint, detail}, request, {});
  if (refusal == Refusal::unauthenticated)
    reply.headers.push_back({"www-authenticate", "Bearer realm=\"dray\""});
  if (refusal == Refusal::rate_limited) reply.headers.push_back({"retry-after", "60"});
  return reply;
}

}  // namespace dray::notifier
