// Text that people read and write: safe display of foreign text, sizes, durations, rates. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace dray {

// ── Foreign text ────────────────────────────────────────────────────────────────────────────────
// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

// For one line on a terminal or in a log. Control characters (C0, DEL, C1), line and paragraph
// separators, bidirectional and other invisible controls become \n, \t, \u{202e} ...; bytes that
// are not UTF-8 become \xff. A backslash stays as it is. So no value can start a line, move the
// cursor or reorder what is shown.
std::string escape_for_display(std::string_view text);
// Is there nothing in `text` that escape_for_display would change?
bool is_plain_text(std::string_view text);

// At most `max_bytes`, cut at a character boundary, with "…" at the end when cut.
std::string shorten(std::string_view text, size_t max_bytes);

std::string_view trim(std::string_view text);

// JSON string literal with quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

// ── Sizes, durations, rates ─────────────────────────────────────────────────────────────────────
// "64M", "1G", "500" (bytes), "10K", "2T", "1P"; 1024-based; also "64MiB". Whole numbers only.
Result<uint64_t> parse_size(std::string_view text);
// The shortest form that parse_size turns back into the same number: 67108864 -> "64M".
std::string format_size(uint64_t bytes);

// "90s", "10m", "2h", "1d", "250ms"; one unit, whole numbers.
Result<Duration> parse_duration(std::string_view text);
// The shortest form that parse_duration turns back into the same value: 600 s -> "10m".
std::string format_duration(Duration duration);

// Bytes per second: "8M" means 8 MiB/s; "off" is 0, which means no limit.
Result<uint64_t> parse_rate(std::string_view text);
std::string format_rate(uint64_t bytes_per_second);

// For people, three digits: "999 B", "1.21 GiB"; "1.21 GiB/s".
std::string human_bytes(uint64_t bytes);
std::string human_rate(uint64_t bytes_per_second);
// For people, two units: "3d 4h", "2h 05m", "1m 09s", "45s", "0.3s".
std::string human_duration(Duration duration);

// ── Suggestions ─────────────────────────────────────────────────────────────────────────────────
// The candidate with the smallest edit distance to `text`, or "" when none is near enough (a third
// of its length, at least 1, at most 3 edits).
std::string_view closest_match(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace dray
