#include "workers/path_set.h"

#include <algorithm>

namespace dray::worker {

static_assert(sizeof(PathSet::Entry) == 24);

void PathSet::add(std::string_view path, uint64_t size, WallTime mtime) {
  ++files_;
  const uint64_t value = keyed_hash(key_, path);
  if (!kept(value)) return;
  if (entries_.size() >= max_) {
    thin_out();
    if (!kept(value)) return;
  }
  Entry entry;
  entry.hash = value;
  entry.size = size;
  entry.mtime_us = to_unix_us(mtime);
  entries_.push_back(entry);
}

void PathSet::thin_out() {
  while (entries_.size() >= max_) {
    ++shift_;
    std::erase_if(entries_, [this](const Entry& entry) { return !kept(entry.hash); });
  }
}

void PathSet::finish() {
  std::ranges::sort(entries_, {}, &Entry::hash);
}

PathSet::Entry* PathSet::find(std::string_view path) {
  const uint64_t value = keyed_hash(key_, path);
  const auto at = std::ranges::lower_bound(entries_, value, {}, &Entry::hash);
  return at != entries_.end() && at->hash == value ? &*at : nullptr;
}

const PathSet::Entry* PathSet::find(std::string_view path) const {
  return const_cast<PathSet*>(this)->find(path);
}

uint64_t PathSet::unseen() const {
  const auto count = std::ranges::count(entries_, false, [](const Entry& e) { return e.seen; });
  return static_cast<uint64_t>(count) * weight();
}

}  // namespace dray::worker
