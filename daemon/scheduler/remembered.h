// A bounded memory: keeps the last `Max` keys that were put in, each with a value; the oldest goes
// first. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>

namespace dray::scheduler {

template <class Key, class Value, size_t Max>
class Remembered {
 public:
  void put(const Key& key, Value value) {
    const auto [it, fresh] = values_.insert_or_assign(key, std::move(value));
    if (!fresh) return;
    order_.push_back(key);
    if (order_.size() <= Max) return;
    values_.erase(order_.front());
    order_.pop_front();
  }
  const Value* find(const Key& key) const {
    const auto it = values_.find(key);
    return it == values_.end() ? nullptr : &it->second;
  }

 private:
  std::unordered_map<Key, Value> values_;
  std::deque<Key> order_;  // oldest first
};

}  // namespace dray::scheduler
