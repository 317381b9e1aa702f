#include "daemon/notifier/http_parse.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kTokenExtra = "!#$%&'*+-.^_`|~";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || kTokenExtra.find(c) != std::string_view::npos;
  });
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return lower(x) == lower(y);
  });
}

std::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::invalid, "the request is malformed: {}", what);
}

struct Counts {
  size_t headers = 0;
  size_t hosts = 0;
  size_t lengths = 0;
  size_t encodings = 0;
};

Status count_line(std::string_view line, Counts& counts) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return wrong("a header has no proper name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  counts.headers += 1;
  if (same_word(name, "host")) counts.hosts += 1;
  if (same_word(name, "content-length")) counts.lengths += 1;
  if (same_word(name, "transfer-encoding")) {
    counts.encodings += 1;
    if (!same_word(value, "chunked")) return wrong("Transfer-Encoding must be chunked");
  }
  return {};
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Status parse_path(std::string_view path, HttpRequest& out) {
  if (!path.starts_with('/')) return wrong("the address must begin with a slash");
  path.remove_prefix(1);
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    DRAY_TRY_ASSIGN(std::string part, percent_decode(path.substr(0, slash), false));
    if (part == "." || part == ".." || part.find('/') != std::string::npos)
      return wrong("the address leads out of itself");
    out.segments.push_back(std::move(part));
    if (slash + 1 == path.size()) out.segments.emplace_back();
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return {};
}

Status parse_query(std::string_view query, HttpRequest& out) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (field.empty()) continue;
    const size_t sign = std::min(field.find('='), field.size());
    DRAY_TRY_ASSIGN(std::string name, percent_decode(field.substr(0, sign), true));
    DRAY_TRY_ASSIGN(std::string value,
                    percent_decode(field.substr(std::min(sign + 1, field.size())), true));
    if (out.parameter(name)) return wrong("a parameter is given twice");
    if (out.query.size() == kMaxQueryFields) return wrong("it has too many parameters");
    out.query.push_back({std::move(name), std::move(value)});
  }
  return {};
}

}  // namespace

Status check_head(std::string_view head) {
  if (!head.ends_with("\r\n\r\n")) return wrong("its head does not end");
  head.remove_suffix(2);
  Counts counts;
  bool first = true;
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
      return wrong("a line ends in an unusual way");
    if (line.starts_with(' ') || line.starts_with('\t')) return wrong("a header is folded");
    if (!std::exchange(first, false)) DRAY_TRY(count_line(line, counts));
  }
  if (counts.hosts != 1) return wrong("it must have one Host header");
  if (counts.lengths > 1 || counts.encodings > 1 || counts.lengths + counts.encodings > 1)
    return wrong("it says in more than one way how long it is");
  if (counts.headers > kMaxHeaders) return wrong("it has too many headers");
  return {};
}

Status parse_target(std::string_view target, HttpRequest& out) {
  out.target = std::string(target);
  if (std::ranges::any_of(target, [](char c) { return c <= ' ' || c == '\x7f'; }))
    return wrong("the address holds characters that must be escaped");
  target = target.substr(0, target.find('#'));
  const size_t mark = std::min(target.find('?'), target.size());
  DRAY_TRY(parse_path(target.substr(0, mark), out));
  return parse_query(target.substr(std::min(mark + 1, target.size())), out);
}

Result<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return wrong("an escape in the address is not %XX");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos || !is_valid_utf8(out))
    return wrong("the address is not UTF-8");
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace dray::notifier
