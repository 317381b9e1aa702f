// A heap of (when, what) for many timers of which most are moved before they fire. Whoever owns the
// timers checks an entry against the truth when it comes up: an entry may be out of date, and one
// that is too early is put back. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace dray::scheduler {

template <class Time, class Key>
class DueHeap {
 public:
  using Entry = std::pair<Time, Key>;

  void push(Time when, Key key) {
    heap_.emplace_back(when, key);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  const Entry& top() const { return heap_.front(); }
  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
  }
  void clear() { heap_.clear(); }
  // Makes a heap of many entries at once, in linear time.
  void assign(std::vector<Entry> entries) {
    heap_ = std::move(entries);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }

 private:
  std::vector<Entry> heap_;
};

}  // namespace dray::scheduler
