// The disk below the store: SQLite's files in memory, with what real disks do. What was written and
// not synced is in doubt: it survives the death of the process, and after a power failure each of
// its sectors is old, new, half of each, or garbage. Writes and syncs fail as told.
//
// The real SQLite runs on it as on any other file system; the product knows nothing of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"
#include "tests/simulator/random.h"

namespace dray::sim {

enum class DiskFault : uint8_t {
  none = 0,
  full,          // a write finds no room
  write_error,   // a write fails
  sync_error,    // a sync fails, and what it was about may never reach the disk
  process_dies,  // before a write or a sync
  power_fails,
};

// One file: what programs read, what a power failure leaves, and where the two may differ.
struct DiskFile {
  std::vector<uint8_t> content;
  std::vector<uint8_t> safe;
  std::map<size_t, bool> unsynced;  // sectors; true: a sync of it has failed, no later one cares
  bool listed = false;              // in its directory for good
};

class Disk {
 public:
  // Becomes the disk that SQLite uses; one at a time.
  explicit Disk(uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // Whoever has files open now reaches them no more.
  void process_died();
  void power_failed();
  // Files cannot grow.
  void fill(bool full) { full_ = full; }
  bool full() const { return full_; }
  // The `count`-th write or sync from now (1: the next) has this fault, once.
  void plan(DiskFault fault, int64_t count);
  // Takes a plan back. Returns the fault if it has happened.
  DiskFault take_back();
  // A planted bug: a sync does nothing.
  void lie_about_syncs() { lies_ = true; }

  uint64_t sectors_lost() const { return sectors_lost_; }
  uint64_t sectors_torn() const { return sectors_torn_; }
  uint64_t database_syncs() const { return database_syncs_; }

 private:
  friend struct DiskVfs;
  using Shared = std::vector<std::unique_ptr<char[]>>;  // memory that connections share

  // True: the fault that was planned happens now.
  bool strikes();
  int write(DiskFile& file, const uint8_t* data, size_t size, size_t at);
  int sync(DiskFile& file);
  void put(DiskFile& file, const uint8_t* data, size_t size, size_t at);
  void make_safe(DiskFile& file);
  void lose(DiskFile& file, double kept);
  std::shared_ptr<DiskFile> find(const std::string& name) const;

  Random random_;
  std::map<std::string, std::shared_ptr<DiskFile>> files_;
  std::map<std::string, std::shared_ptr<DiskFile>> unlinked_;  // may come back with the power
  std::map<std::string, std::shared_ptr<Shared>> shared_;
  uint64_t life_ = 1;  // of the process that has files open
  DiskFault planned_ = DiskFault::none;
  DiskFault happened_ = DiskFault::none;
  int64_t countdown_ = 0;
  bool full_ = false;
  bool lies_ = false;
  uint64_t sectors_lost_ = 0;
  uint64_t sectors_torn_ = 0;
  uint64_t database_syncs_ = 0;
};

}  // namespace dray::sim
