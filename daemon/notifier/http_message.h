// A request as handlers see it and a reply as they give it, free of any HTTP library. Pure data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dray::notifier {

enum class Method : uint8_t { get, head, post, put, patch, remove, options, other };

Method parse_method(std::string_view text);
std::string_view to_string(Method method);
// Does it only look?
constexpr bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options;
}

struct HttpHeader {
  std::string name;  // lower case
  std::string value;
};

struct QueryField {
  std::string name;
  std::string value;
};

struct HttpRequest {
  Method method = Method::get;
  std::string target;                 // as it was sent
  std::vector<std::string> segments;  // of the path, decoded: "/a/b%20c" is {"a", "b c"}
  std::vector<QueryField> query;      // decoded
  std::vector<HttpHeader> headers;
  std::string body;         // of routes that take JSON; empty where the handler reads a stream
  std::string address;      // of whoever asks; behind a trusted proxy: as that says
  bool secure = false;      // over TLS, here or at a trusted proxy
  bool has_body = false;    // one was announced
  uint64_t body_bytes = 0;  // as announced; 0: not known
  std::string id;           // stands in the log and in problems

  // "" when there is none. `name` in lower case.
  std::string_view header(std::string_view name) const;
  size_t count_header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
  std::string_view cookie(std::string_view name) const;
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type;
  std::vector<HttpHeader> headers;
  std::string body;
  std::shared_ptr<const std::string> shared;  // instead of `body`, for what many get

  std::string_view content() const { return shared ? std::string_view(*shared) : body; }
};

std::string_view reason_phrase(unsigned status);

// The head of the answer as it goes over the wire, without a length or encoding of the body.
std::string head_text(const HttpReply& reply, bool keep_alive, bool secure);

HttpReply json_reply(std::string json, unsigned status = 200);
HttpReply empty_reply(unsigned status = 204);

}  // namespace dray::notifier
