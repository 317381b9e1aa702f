#include "daemon/scheduler/path_overlap.h"

#include <vector>

namespace dray::scheduler {
namespace {

// Stands between client, remote and path: no name may hold it.
constexpr char kSeparator = '\0';

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

}  // namespace

std::string destination_key(std::string_view client, const Endpoint& destination) {
  std::string key;
  if (destination.remote.empty()) return key;
  key.reserve(client.size() + destination.remote.size() + destination.path.size() + 3);
  key.append(client).push_back(kSeparator);
  key.append(destination.remote).push_back(kSeparator);
  for (const std::string_view part : components(destination.path))
    key.append(part).push_back('/');
  return key;
}

bool keys_overlap(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  return a.size() <= b.size() ? b.starts_with(a) : a.starts_with(b);
}

void PathLocks::take(std::string_view key, JobId job, RunId run) {
  if (!key.empty()) held_.emplace(std::string(key), Holder{job, run});
}

void PathLocks::release(std::string_view key, RunId run) {
  const auto [first, last] = held_.equal_range(key);
  for (auto it = first; it != last; ++it) {
    if (it->second.run != run) continue;
    held_.erase(it);
    return;
  }
}

RunId PathLocks::in_the_way(std::string_view key, JobId job) const {
  if (key.empty()) return {};
  // The same path, and what lies below it, follow each other in the order of keys.
  for (auto it = held_.lower_bound(key); it != held_.end() && it->first.starts_with(key); ++it)
    if (it->second.job != job) return it->second.run;
  // What lies above it: the path cut after each component, and the root of the remote.
  const size_t root = key.rfind(kSeparator);
  for (size_t i = root; i < key.size(); ++i) {
    if (key[i] != '/' && i != root) continue;
    const auto [first, last] = held_.equal_range(key.substr(0, i + 1));
    for (auto it = first; it != last; ++it)
      if (it->second.job != job) return it->second.run;
  }
  return {};
}

}  // namespace dray::scheduler
