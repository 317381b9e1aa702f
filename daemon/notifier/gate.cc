#include "daemon/notifier/gate.h"

#include <arpa/inet.h>

#include <algorithm>

namespace dray::notifier {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_port(std::string_view text) {
  return text.empty() || (text.size() <= 5 &&
                          std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }));
}

// "[::1]:80" -> "::1", "a:80" -> "a"; "" when it is neither.
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return "";
    const std::string_view rest = host.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return "";
    return std::string(host.substr(1, end - 1));
  }
  const size_t colon = std::min(host.find(':'), host.size());
  if (!is_port(host.substr(std::min(colon + 1, host.size())))) return "";
  return lower(host.substr(0, colon));
}

bool is_ip(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

Gate::Gate(const std::vector<std::string>& hosts, const std::string& public_url) {
  names_.emplace_back("localhost");
  for (const std::string& host : hosts)
    names_.push_back(lower(host));
  if (public_url.empty()) return;
  public_origin_ = lower(public_url);
  names_.push_back(name_of(public_origin_.substr(public_origin_.find("://") + 3)));
}

bool Gate::accepts_host(std::string_view host) const {
  const std::string name = name_of(host);
  return !name.empty() && (is_ip(name) || std::ranges::find(names_, name) != names_.end());
}

bool Gate::is_same_origin(const HttpRequest& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return request.header("sec-fetch-site") == "same-origin";
  const std::string mine =
      (request.secure ? "https://" : "http://") + lower(request.header("host"));
  return lower(origin) == mine || (!public_origin_.empty() && lower(origin) == public_origin_);
}

bool Gate::is_cross_origin(const HttpRequest& request) const {
  if (!request.header("origin").empty()) return !is_same_origin(request);
  const std::string_view site = request.header("sec-fetch-site");
  return site == "cross-site" || site == "same-site";
}

}  // namespace dray::notifier
