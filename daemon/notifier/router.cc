#include "daemon/notifier/router.h"

#include <algorithm>

#include "daemon/base/result.h"

namespace dray::notifier {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_parameter(std::string_view part) {
  return part.starts_with('{');
}

bool fits(const std::vector<std::string_view>& parts, const std::vector<std::string>& segments) {
  if (parts.size() != segments.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_parameter(parts[i]) ? segments[i].empty() : parts[i] != segments[i]) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string_view> words(std::string_view list) {
  return split(list, ' ');
}

Router::Router(std::vector<std::span<const Route>> tables) {
  for (const std::span<const Route> table : tables)
    for (const Route& route : table) {
      DRAY_CHECK((route.reply == nullptr) != (route.stream == nullptr),
                 "a route has one kind of handler");
      rows_.push_back({&route, split(route.pattern, '/')});
    }
  // Where "/runs/cancel" and "/runs/{run}" both fit, the word wins.
  std::ranges::stable_sort(
      rows_, {}, [](const Row& row) { return std::ranges::count_if(row.parts, is_parameter); });
}

Match Router::find(Method method, const std::vector<std::string>& segments) const {
  const Method wanted = method == Method::head ? Method::get : method;
  Match match;
  std::string_view pattern;
  for (const Row& row : rows_) {
    if (!fits(row.parts, segments)) continue;
    // The first one that fits says what there is: "/runs/cancel" is no run that could be looked at.
    if (pattern.empty()) pattern = row.route->pattern;
    if (row.route->pattern != pattern) continue;
    if (row.route->method != wanted) {
      match.allow +=
          fmt::format("{}{}", match.allow.empty() ? "" : ", ", to_string(row.route->method));
      continue;
    }
    match.route = row.route;
    for (size_t i = 0; i < row.parts.size(); ++i)
      if (is_parameter(row.parts[i]))
        match.path.push_back({row.parts[i].substr(1, row.parts[i].size() - 2), segments[i]});
    return match;
  }
  return match;
}

const Route* Router::sibling(const Route& route, Method method) const {
  for (const Row& row : rows_)
    if (row.route->method == method && row.route->pattern == route.pattern) return row.route;
  return nullptr;
}

std::vector<const Route*> Router::all() const {
  std::vector<const Route*> routes;
  for (const Row& row : rows_)
    routes.push_back(row.route);
  return routes;
}

}  // namespace dray::notifier
