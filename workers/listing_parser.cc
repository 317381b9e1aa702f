#include "workers/listing_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray::worker {
namespace {

using simdjson::dom::element;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

Status check_entry_path(std::string_view path) {
  if (path.empty() || leads_out(path))
    return fail(ErrorCode::corrupt, "the remote lists {}, which is no path below it", quoted(path));
  return {};
}

std::string_view text_of(const element& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

uint64_t size_of(const element& value) {
  int64_t size = -1;
  if (value.get(size) != simdjson::SUCCESS || size < 0) return RemoteEntry::kUnknownSize;
  return static_cast<uint64_t>(size);
}

bool is_true(const element& value) {
  bool flag = false;
  return value.get(flag) == simdjson::SUCCESS && flag;
}

// Dates that we cannot hold count as not told.
WallTime time_of(std::string_view text) {
  const Result<WallTime> time = parse_rfc3339(text);
  return time ? *time : WallTime{};
}

}  // namespace

bool leads_out(std::string_view path) {
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..") return true;
    begin = end + 1;
  }
  return false;
}

bool fits_path_list(std::string_view path) {
  return std::ranges::none_of(
      path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// ── Lines ───────────────────────────────────────────────────────────────────────────────────────

void ListingParser::feed(std::span<const char> bytes) {
  std::string_view left(bytes.data(), bytes.size());
  while (state_ && !left.empty()) {
    const size_t newline = left.find('\n');
    if (newline == std::string_view::npos) {
      rest_ += left;
      if (rest_.size() > kMaxLine)
        state_ =
            fail(ErrorCode::corrupt, "a line of the listing is longer than {} bytes", kMaxLine);
      return;
    }
    if (rest_.empty()) {
      take(left.substr(0, newline));
    } else {
      rest_ += left.substr(0, newline);
      take(rest_);
      rest_.clear();
    }
    left.remove_prefix(newline + 1);
  }
}

void ListingParser::take(std::string_view text) {
  state_ = line(text);
}

Status ListingParser::finish() {
  if (state_ && !rest_.empty()) take(rest_);
  rest_.clear();
  return state_ ? end() : state_;
}

// ── lsjson ──────────────────────────────────────────────────────────────────────────────────────

struct JsonListingParser::Json {
  simdjson::dom::parser parser;
  RemoteEntry entry;
};

JsonListingParser::JsonListingParser(EntrySink sink)
    : sink_(std::move(sink)), json_(std::make_unique<Json>()) {}
JsonListingParser::~JsonListingParser() = default;

Status JsonListingParser::line(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[')) text = trim(text.substr(1));
  if (text.ends_with(']')) {
    closed_ = true;
    text = trim(text.substr(0, text.size() - 1));
  }
  if (text.ends_with(',')) text.remove_suffix(1);
  return text.empty() ? Status{} : object(text);
}

Status JsonListingParser::object(std::string_view text) {
  simdjson::dom::object root;
  if (json_->parser.parse(text).get(root) != simdjson::SUCCESS)
    return fail(ErrorCode::corrupt, "a line of the listing is not JSON: {}", quoted(text));
  RemoteEntry& entry = json_->entry;
  entry = RemoteEntry{};
  entry.size = RemoteEntry::kUnknownSize;
  for (const auto& [key, value] : root) {
    if (key == "Path") {
      entry.path = text_of(value);
    } else if (key == "Size") {
      entry.size = size_of(value);
    } else if (key == "ModTime") {
      entry.mtime = time_of(text_of(value));
    } else if (key == "IsDir") {
      entry.is_dir = is_true(value);
    } else if (simdjson::dom::object hashes;
               key == "Hashes" && value.get(hashes) == simdjson::SUCCESS) {
      for (const auto& [name, hash] : hashes)
        if (const std::string_view hex = text_of(hash); !hex.empty())
          entry.hashes[std::string(name)] = hex;
    }
  }
  if (entry.is_dir) entry.size = 0;
  DRAY_TRY(check_entry_path(entry.path));
  if (entry.path.contains(kReplacement)) {
    ++doubtful_;
  } else {
    sink_(entry);
  }
  return {};
}

Status JsonListingParser::end() {
  if (closed_) return {};
  return fail(ErrorCode::corrupt, "the listing ends in the middle");
}

// ── lsf ─────────────────────────────────────────────────────────────────────────────────────────

// "2026-11-20 12:25:19;1234;path", directories with size -1 and a '/' at the end.
Status PlainListingParser::line(std::string_view text) {
  if (is_valid_utf8(text) && !text.contains(kReplacement)) return {};
  const size_t first = text.find(';');
  const size_t second = first == std::string_view::npos ? first : text.find(';', first + 1);
  if (second == std::string_view::npos)
    return fail(ErrorCode::corrupt, "a line of the listing has no three parts: {}", quoted(text));
  RemoteEntry entry;
  entry.path = text.substr(second + 1);
  entry.is_dir = entry.path.ends_with('/');
  if (entry.is_dir) entry.path.pop_back();
  DRAY_TRY(check_entry_path(entry.path));
  const std::string_view size = text.substr(first + 1, second - first - 1);
  if (std::from_chars(size.begin(), size.end(), entry.size).ec != std::errc{})
    entry.size = entry.is_dir ? 0 : RemoteEntry::kUnknownSize;
  std::string when(text.substr(0, first));
  std::ranges::replace(when, ' ', 'T');
  entry.mtime = time_of(when + "Z");
  sink_(entry);
  return {};
}

}  // namespace dray::worker
