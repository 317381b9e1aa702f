// Size and time of very many paths, in bounded memory: for counting what a transfer would change.
//
// Paths are kept as keyed hashes, so nobody who chooses file names can make two of them collide.
// When there are more than kMaxEntries, only every second path is kept, then every fourth, and so
// on, chosen by the hash: whoever counts multiplies by weight(). The error of a share counted that
// way is about 0.1 % at kMaxEntries.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/base/keyed_hash.h"
#include "daemon/base/time.h"

namespace dray::worker {

class PathSet {
 public:
  struct Entry {
    uint64_t hash = 0;
    uint64_t size = 0;
    int64_t mtime_us : 63 = 0;  // 0: not told
    bool seen : 1 = false;
  };
  // 48 MiB.
  static constexpr size_t kMaxEntries = size_t{1} << 21;

  // A random key for each run; two sets with the same one keep the same paths.
  explicit PathSet(const HashKey& key, size_t max_entries = kMaxEntries)
      : key_(key), max_(max_entries) {}

  void add(std::string_view path, uint64_t size, WallTime mtime);
  // After the last add(), before the first find().
  void finish();

  bool covers(std::string_view path) const { return kept(keyed_hash(key_, path)); }
  Entry* find(std::string_view path);
  const Entry* find(std::string_view path) const;

  uint64_t files() const { return files_; }  // that were added, exactly
  uint64_t weight() const { return uint64_t{1} << shift_; }
  uint64_t unseen() const;  // entries, times weight()

 private:
  bool kept(uint64_t hash) const { return (hash & (weight() - 1)) == 0; }
  void thin_out();

  HashKey key_;
  size_t max_;
  unsigned shift_ = 0;
  uint64_t files_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace dray::worker
