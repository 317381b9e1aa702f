#include "daemon/base/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dray {
namespace {

constexpr char32_t kInvalid = 0xffffffff;

struct Decoded {
  char32_t code = kInvalid;  // kInvalid: one byte that belongs to no character
  size_t length = 1;
};

struct Lead {
  uint8_t first, last;  // bytes that start such a sequence
  size_t length;
  uint8_t mask;       // bits of the first byte that belong to the code point
  char32_t smallest;  // anything below is an overlong form
};
constexpr Lead kLeads[] = {
    {0x00, 0x7f, 1, 0x7f, 0},
    {0xc2, 0xdf, 2, 0x1f, 0x80},
    {0xe0, 0xef, 3, 0x0f, 0x800},
    {0xf0, 0xf4, 4, 0x07, 0x10000},
};

Decoded decode(std::string_view text, size_t pos) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (const Lead& lead : kLeads) {
    if (byte(pos) < lead.first || byte(pos) > lead.last) continue;
    if (pos + lead.length > text.size()) return {};
    char32_t code = byte(pos) & lead.mask;
    for (size_t i = 1; i < lead.length; ++i) {
      if ((byte(pos + i) & 0xc0) != 0x80) return {};
      code = code << 6 | (byte(pos + i) & 0x3f);
    }
    if (code < lead.smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, lead.length};
  }
  return {};
}

// What may not reach a terminal as it is. Joiners (U+200C, U+200D) are part of names in several
// scripts and move nothing, so they stay.
struct Range {
  char32_t first, last;
};
constexpr Range kHidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

bool is_hidden(char32_t code) {
  return std::ranges::any_of(kHidden, [&](Range r) { return code >= r.first && code <= r.last; });
}

struct ShortEscape {
  char32_t code;
  std::string_view text;
};
constexpr ShortEscape kShortEscapes[] = {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};

std::string escape_code(char32_t code) {
  for (const ShortEscape& row : kShortEscapes)
    if (row.code == code) return std::string(row.text);
  return fmt::format("\\u{{{:x}}}", static_cast<uint32_t>(code));
}

// Edit distance where swapping two neighbours is one edit, as in "wrokers".
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(previous);
    previous.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min(
          {previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// ASCII that can be seen, but for what ends or escapes a string.
bool is_itself_in_json(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (size_t pos = 0; pos < text.size();) {
    const Decoded next = decode(text, pos);
    if (next.code == kInvalid) return false;
    pos += next.length;
  }
  return true;
}

std::string escape_for_display(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    const Decoded next = decode(text, pos);
    if (next.code == kInvalid)
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[pos]));
    else if (is_hidden(next.code))
      out += escape_code(next.code);
    else
      out += text.substr(pos, next.length);
    pos += next.length;
  }
  return out;
}

bool is_plain_text(std::string_view text) {
  for (size_t pos = 0; pos < text.size();) {
    const Decoded next = decode(text, pos);
    if (next.code == kInvalid || is_hidden(next.code)) return false;
    pos += next.length;
  }
  return true;
}

std::string shorten(std::string_view text, size_t max_bytes) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= max_bytes) return std::string(text);
  if (max_bytes < kEllipsis.size()) return {};
  const size_t room = max_bytes - kEllipsis.size();
  size_t end = 0;
  for (size_t pos = 0; pos < text.size() && pos <= room;) {
    end = pos;
    pos += decode(text, pos).length;
    if (pos <= room) end = pos;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (size_t pos = 0; pos < text.size();) {
    // Nearly all of nearly every text stands for itself: it is taken in one piece.
    const size_t plain = pos;
    while (pos < text.size() && is_itself_in_json(text[pos]))
      ++pos;
    out += text.substr(plain, pos - plain);
    if (pos == text.size()) break;
    const Decoded next = decode(text, pos);
    if (next.code == kInvalid)
      out += "\xef\xbf\xbd";
    else if (next.code == '"' || next.code == '\\')
      (out += '\\') += static_cast<char>(next.code);
    else if (is_hidden(next.code) && next.code <= 0xffff)
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(next.code));
    else
      out += text.substr(pos, next.length);
    pos += next.length;
  }
  out += '"';
  return out;
}

std::string_view closest_match(std::string_view text,
                               std::span<const std::string_view> candidates) {
  const size_t allowed = std::clamp<size_t>(text.size() / 3, 1, 3);
  std::string_view best;
  size_t best_distance = allowed + 1;
  for (const std::string_view candidate : candidates) {
    const size_t longer = std::max(text.size(), candidate.size());
    if (longer - std::min(text.size(), candidate.size()) > allowed) continue;
    const size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace dray
