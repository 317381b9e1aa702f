#include "workers/place_overlap.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray::worker {
namespace {

struct Section {
  std::string type;
  std::string remote;  // of those that stand upon another one
  bool clear_names = false;
};
using Sections = std::map<std::string, Section, std::less<>>;

constexpr std::string_view kStandUpon[] = {"alias",    "cache", "chunker",
                                           "compress", "crypt", "hasher"};

std::string_view unquoted(std::string_view value) {
  for (const std::string_view quote : {"\"\"\"", "`"})
    if (value.size() >= 2 * quote.size() && value.starts_with(quote) && value.ends_with(quote))
      return value.substr(quote.size(), value.size() - 2 * quote.size());
  return value;
}

Sections read_sections(std::string_view text) {
  Sections sections;
  Section* current = nullptr;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      current = &sections[std::string(line.substr(1, line.size() - 2))];
      continue;
    }
    const size_t equals = line.find('=');
    if (current == nullptr || equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string_view value = unquoted(trim(line.substr(equals + 1)));
    if (key == "type") current->type = value;
    if (key == "remote") current->remote = value;
    if (key == "filename_encryption") current->clear_names = value == "off";
  }
  return sections;
}

struct Place {
  std::string account;
  std::vector<std::string> parts;
};

void add_parts(std::string_view path, std::vector<std::string>& parts) {
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

std::optional<Place> resolve(const Sections& sections, std::string_view place, size_t depth) {
  const size_t colon = place.find(':');
  if (colon == std::string_view::npos || depth == 0) return std::nullopt;
  const auto found = sections.find(place.substr(0, colon));
  if (found == sections.end()) return std::nullopt;
  const Section& section = found->second;
  const std::string_view path = place.substr(colon + 1);
  const bool stands = std::ranges::find(kStandUpon, section.type) != std::end(kStandUpon);
  std::optional<Place> result;
  if (stands) {
    result = resolve(sections, section.remote, depth - 1);
    if (!result) return std::nullopt;
  } else {
    result = Place{section.type == "local" ? "local" : found->first + ":", {}};
  }
  std::vector<std::string> below;
  add_parts(path, below);
  if (section.type != "crypt" || section.clear_names) {
    result->parts.insert(result->parts.end(), below.begin(), below.end());
  } else if (!below.empty()) {
    // Somewhere inside, under a name that only the key tells.
    result->parts.push_back('\0' + found->first);
    result->parts.insert(result->parts.end(), below.begin(), below.end());
  }
  return result;
}

}  // namespace

Status check_places_apart(std::string_view text, std::string_view source,
                          std::string_view destination) {
  if (source.empty() || destination.empty()) return {};
  const Sections sections = read_sections(text);
  const std::optional<Place> a = resolve(sections, source, limits::kMaxRemoteDepth + 1);
  const std::optional<Place> b = resolve(sections, destination, limits::kMaxRemoteDepth + 1);
  if (!a || !b || a->account != b->account) return {};
  const size_t common = std::min(a->parts.size(), b->parts.size());
  if (!std::equal(a->parts.begin(), a->parts.begin() + static_cast<ptrdiff_t>(common),
                  b->parts.begin()))
    return {};
  return fail(ErrorCode::invalid,
              "source and destination are the same place, or one lies inside the other, once the "
              "remotes and links that they are named by are followed; choose another directory");
}

}  // namespace dray::worker
