#include "workers/clean_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace dray {
namespace {

constexpr std::string_view kRedacted = "[redacted]";

// Length of the UTF-8 sequence at the front, 0 when it is not valid. `code` receives the character.
size_t decode(std::string_view text, char32_t& code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  code = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
  return length;
}

struct CodeRange {
  char32_t first;
  char32_t last;
};
// Zero-width, direction marks, embeddings, isolates, byte order mark, tags, annotation marks.
constexpr CodeRange kInvisible[] = {
    {0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x180E, 0x180E}, {0x200B, 0x200F},   {0x202A, 0x202E},
    {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool is_invisible(char32_t code) {
  return std::ranges::any_of(kInvisible, [&](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// Option names, flags, query parameters and headers that carry a secret hold one of these.
constexpr std::string_view kSecretWords[] = {
    "pass",   "secret",     "token",       "authorization", "credential", "api_key",
    "apikey", "access_key", "sas_url",     "signature",     "session",    "bearer",
    "cookie", "key_pem",    "private_key", "account_key",   "client_id",  "x-amz-security",
};
// Names that are a secret only as a whole.
constexpr std::string_view kSecretNames[] = {"key", "sig", "auth", "code", "pwd", "sas"};

bool is_secret_name(std::string_view name) {
  std::string low(name);
  std::ranges::transform(low, low.begin(), lower);
  if (std::ranges::find(kSecretNames, low) != std::end(kSecretNames)) return true;
  return std::ranges::any_of(
      kSecretWords, [&](std::string_view word) { return low.find(word) != std::string::npos; });
}

// The secret ends at a quote of its own kind, or at a space or separator when it has none.
size_t value_end(std::string_view text, size_t at) {
  size_t backslashes = 0;
  while (at + backslashes < text.size() && text[at + backslashes] == '\\')
    ++backslashes;
  const size_t quote_at = at + backslashes;
  if (quote_at < text.size() && (text[quote_at] == '"' || text[quote_at] == '\'')) {
    const char quote = text[quote_at];
    for (size_t i = quote_at + 1; i < text.size(); ++i) {
      if (text[i] == '\\' && backslashes == 0) {
        ++i;
      } else if (text[i] == quote) {
        return i + 1;
      }
    }
    return text.size();
  }
  const size_t end = text.find_first_of(" \t\n\"'&,;)}]", at);
  return end == std::string_view::npos ? text.size() : end;
}

// name=value, name: value, "name":"value", --name value for secret names; also "Bearer WORD".
std::string redact_values(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      out += text[at++];
      continue;
    }
    size_t end = at;
    while (end < text.size() && is_word(text[end]))
      ++end;
    const std::string_view word = text.substr(at, end - at);
    out += word;
    at = end;
    size_t value = end;
    while (value < text.size() && (text[value] == '\\' || text[value] == '"'))
      ++value;
    const size_t spaced = text.find_first_not_of(' ', end);
    if (spaced != std::string_view::npos && text[spaced] == '=') value = spaced;
    const bool assigned = value < text.size() && (text[value] == '=' || text[value] == ':');
    const bool flag = word.starts_with("--") && value < text.size() && text[value] == ' ';
    const bool scheme = word == "Bearer" || word == "Basic";
    if (!(assigned || flag ? is_secret_name(word) : scheme)) continue;
    if (!assigned && value == text.size()) continue;
    // "couldn't fetch token: TEXT", "bad password: TEXT": a sentence goes on behind ": ".
    if (assigned && text[value] == ':' && value + 1 < text.size() && text[value + 1] == ' ' &&
        value == end && !word.starts_with("Auth"))
      continue;
    ++value;
    while (value < text.size() && text[value] == ' ')
      ++value;
    if (value >= text.size()) continue;
    const size_t stop = value_end(text, value);
    out += text.substr(at, value - at);
    out += kRedacted;
    at = stop;
    // "Authorization: Bearer WORD": the scheme is not the secret.
    if (word.starts_with("Auth") && at < text.size() && text[at] == ' ')
      at = value_end(text, at + 1);
  }
  return out;
}

// scheme://user:password@host
std::string redact_userinfo(std::string text) {
  for (size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const size_t begin = at + 3;
    const size_t end = std::min(text.find_first_of("/?# \"'", begin), text.size());
    const size_t sign = text.rfind('@', end);
    if (sign == std::string::npos || sign < begin || sign >= end) continue;
    text.replace(begin, sign - begin, kRedacted);
  }
  return text;
}

// "name,option=value:path" and ":type,option=value:path": all options go, up to the closing quote.
std::string redact_connection_strings(std::string text) {
  for (size_t comma = text.find(','); comma != std::string::npos;
       comma = text.find(',', comma + 1)) {
    size_t equals = comma + 1;
    while (equals < text.size() && is_word(text[equals]))
      ++equals;
    const bool option = equals > comma + 1 && equals < text.size() && text[equals] == '=';
    if (!option || comma == 0 || !is_word(text[comma - 1])) continue;
    size_t end = comma;
    // rclone quotes the remote (%q), so a quote inside it is escaped.
    while (end < text.size() && text[end] != '"')
      end += text[end] == '\\' ? 2 : 1;
    end = std::min(end, text.size());
    text.replace(comma + 1, end - comma - 1, kRedacted);
  }
  return text;
}

// Behind these rclone repeats a line of the config file.
constexpr std::string_view kEchoMarkers[] = {"could not parse line: ", "failed to parse line: "};

std::string redact_config_lines(std::string text) {
  for (std::string_view marker : kEchoMarkers) {
    const size_t at = text.find(marker);
    if (at == std::string::npos) continue;
    const size_t begin = at + marker.size();
    const size_t end = std::min(text.find('\n', begin), text.size());
    text.replace(begin, end - begin, kRedacted);
  }
  // -vv: Setting OPTION="VALUE" for "REMOTE" from environment variable NAME
  const size_t setting = text.find("Setting ");
  if (setting != std::string::npos && text.find("from environment variable") != std::string::npos) {
    const size_t equals = text.find("=\"", setting);
    if (equals != std::string::npos) {
      const size_t end = value_end(text, equals + 1);
      text.replace(equals + 1, end - equals - 1, kRedacted);
    }
  }
  return text;
}

// 32 and more characters of upper case, lower case and digits mixed without a word break are a
// token, a key or a signature, hardly a name.
bool looks_random(std::string_view word) {
  constexpr size_t kLeastToken = 32;
  if (word.size() < kLeastToken) return word.starts_with("eyJ") && word.size() > 12;
  size_t upper = 0, small = 0, digits = 0, breaks = 0;
  for (char c : word) {
    upper += c >= 'A' && c <= 'Z';
    small += c >= 'a' && c <= 'z';
    digits += c >= '0' && c <= '9';
    breaks += c == '-' || c == '_';
  }
  return upper >= 3 && small >= 3 && digits >= 2 && breaks <= word.size() / 12;
}

std::string redact_random_words(std::string_view text) {
  std::string out;
  const auto is_token = [](char c) { return is_word(c) || c == '+' || c == '='; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_token(text[end]))
      ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::string_view word = text.substr(at, end - at);
    out += looks_random(word) ? kRedacted : word;
    at = end;
  }
  return out;
}

}  // namespace

std::string strip_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool space = false;
  while (!text.empty()) {
    char32_t code = 0;
    const size_t length = decode(text, code);
    const std::string_view bytes = text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      space = false;
    } else if (is_control(code) || code == ' ') {
      if (!space && !out.empty()) out += ' ';
      space = true;
    } else if (!is_invisible(code)) {
      out += bytes;
      space = false;
    }
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  return out;
}

std::string redact_secrets(std::string_view text) {
  return redact_random_words(redact_values(
      redact_userinfo(redact_connection_strings(redact_config_lines(std::string(text))))));
}

std::string clean_line(std::string_view text, size_t max) {
  // Bounds the work on hostile megabyte lines; redaction only ever needs what comes before.
  constexpr size_t kWorkFactor = 8;
  std::string clean = redact_secrets(strip_controls(text.substr(0, max * kWorkFactor)));
  if (clean.size() <= max) return clean;
  size_t end = max - std::min<size_t>(max, 3);
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80)
    --end;
  clean.resize(end);
  return clean + "\xE2\x80\xA6";
}

}  // namespace dray
