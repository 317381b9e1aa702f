#include "daemon/notifier/http_message.h"

#include <fmt/format.h>

#include <algorithm>

namespace dray::notifier {
namespace {

struct MethodRow {
  Method method;
  std::string_view name;
};
constexpr MethodRow kMethods[] = {
    {Method::get, "GET"},         {Method::head, "HEAD"},   {Method::post, "POST"},
    {Method::put, "PUT"},         {Method::patch, "PATCH"}, {Method::remove, "DELETE"},
    {Method::options, "OPTIONS"},
};

struct PhraseRow {
  unsigned status;
  std::string_view phrase;
};
constexpr PhraseRow kPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

}  // namespace

Method parse_method(std::string_view text) {
  const auto row = std::ranges::find(kMethods, text, &MethodRow::name);
  return row == std::end(kMethods) ? Method::other : row->method;
}

std::string_view to_string(Method method) {
  const auto row = std::ranges::find(kMethods, method, &MethodRow::method);
  return row == std::end(kMethods) ? "OTHER" : row->name;
}

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::string_view() : found->value;
}

size_t HttpRequest::count_header(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count(headers, name, &HttpHeader::name));
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &QueryField::name);
  if (found == query.end()) return std::nullopt;
  return found->value;
}

std::string_view HttpRequest::cookie(std::string_view name) const {
  std::string_view rest = header("cookie");
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (one.starts_with(' '))
      one.remove_prefix(1);
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  }
  return {};
}

std::string_view reason_phrase(unsigned status) {
  const auto row = std::ranges::find(kPhrases, status, &PhraseRow::status);
  return row == std::end(kPhrases) ? "Status" : row->phrase;
}

std::string head_text(const HttpReply& reply, bool keep_alive, bool secure) {
  std::string text;
  text.reserve(512);
  fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\n", reply.status,
                 reason_phrase(reply.status));
  // What every answer says: nobody guesses its type, frames it, learns where a link came from.
  text +=
      "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "X-Frame-Options: DENY\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  if (secure) text += "Strict-Transport-Security: max-age=31536000\r\n";
  if (!reply.content_type.empty())
    fmt::format_to(std::back_inserter(text), "Content-Type: {}\r\n", reply.content_type);
  bool cached = false;
  for (const HttpHeader& header : reply.headers) {
    cached = cached || header.name == "cache-control";
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", header.name, header.value);
  }
  if (!cached) text += "Cache-Control: no-store\r\n";
  if (!keep_alive) text += "Connection: close\r\n";
  return text;
}

HttpReply json_reply(std::string json, unsigned status) {
  HttpReply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = std::move(json);
  return reply;
}

HttpReply empty_reply(unsigned status) {
  HttpReply reply;
  reply.status = status;
  return reply;
}

}  // namespace dray::notifier
