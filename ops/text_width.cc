#include "ops/text_width.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "daemon/base/text.h"

namespace dray::ops {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Combining marks, joiners and variation selectors: no cell of their own.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x06d6, 0x06dc},   {0x0900, 0x0902},   {0x093a, 0x093a}, {0x0941, 0x0948}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x20d0, 0x20ff},   {0x302a, 0x302d},   {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};
// East Asian Width W and F, as terminals draw them (Unicode 15).
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4c6},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},
    {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2fb},
    {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
    {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393},
    {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
    {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596},
    {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
    {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df}, {0x1f6eb, 0x1f6ec},
    {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945},
    {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

template <size_t N>
constexpr bool contains(const Range (&ranges)[N], uint32_t c) {
  const auto it = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                   [](uint32_t value, const Range& r) { return value < r.first; });
  return it != std::begin(ranges) && c <= std::prev(it)->last;
}

// The character at `at` and its length in bytes; a damaged one is a byte of its own.
struct Character {
  uint32_t code;
  size_t bytes;
};
Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  const size_t length = lead < 0x80    ? 1
                        : lead >= 0xf0 ? 4
                        : lead >= 0xe0 ? 3
                        : lead >= 0xc0 ? 2
                                       : 1;
  if (length == 1 || at + length > text.size()) return {lead, 1};
  uint32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {lead, 1};
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  return {code, length};
}

int width_of(uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return 0;
  if (c < 0x300) return 1;
  if (contains(kZeroWidth, c)) return 0;
  return contains(kWide, c) ? 2 : 1;
}

// Longest prefix of at most `cells`, marks of its last character included.
size_t prefix_bytes(std::string_view text, int cells) {
  int used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const Character c = character_at(text, at);
    used += width_of(c.code);
    if (used > cells) break;
    at += c.bytes;
  }
  return at;
}

// Where the longest suffix of at most `cells` starts.
size_t suffix_start(std::string_view text, int cells) {
  int spare = display_width(text) - cells;
  size_t at = 0;
  while (at < text.size()) {
    const Character c = character_at(text, at);
    if (spare <= 0 && width_of(c.code) > 0) break;
    spare -= width_of(c.code);
    at += c.bytes;
  }
  return at;
}

}  // namespace

int display_width(std::string_view text) {
  int cells = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    cells += width_of(c.code);
    at += c.bytes;
  }
  return cells;
}

std::string clean(std::string_view text) {
  return escape_for_display(text);
}

std::string fit(std::string_view text, int cells) {
  if (display_width(text) <= cells) return std::string(text);
  if (cells <= 0) return "";
  return std::string(text.substr(0, prefix_bytes(text, cells - 1))) + "…";
}

std::string fit_middle(std::string_view text, int cells) {
  if (display_width(text) <= cells) return std::string(text);
  if (cells < 5) return fit(text, cells);
  const int head = (cells - 1) / 2;
  return std::string(text.substr(0, prefix_bytes(text, head))) + "…" +
         std::string(text.substr(suffix_start(text, cells - 1 - head)));
}

std::string pad_right(std::string_view text, int cells) {
  std::string out(text);
  out.append(static_cast<size_t>(std::max(0, cells - display_width(text))), ' ');
  return out;
}

std::string pad_left(std::string_view text, int cells) {
  std::string out(static_cast<size_t>(std::max(0, cells - display_width(text))), ' ');
  return out.append(text);
}

std::string wrap(std::string_view text, int cells, std::string_view indent) {
  std::string out;
  std::string line(indent);
  bool empty = true;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (!empty && display_width(line) + 1 + display_width(word) > cells) {
      out += line + "\n";
      line = indent;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  return out + line;
}

}  // namespace dray::ops
