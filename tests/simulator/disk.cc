#include "tests/simulator/disk.h"

#include <sqlite3.h>

#include <algorithm>

#include "tests/simulator/disk_vfs.h"

namespace dray::sim {
namespace {

constexpr size_t kSector = 512;
constexpr double kTorn = 0.1;  // of the sectors that are in doubt
constexpr double kGarbage = 0.05;

}  // namespace

Disk::Disk(uint64_t seed) : random_(seed) {
  mount(this);
}
Disk::~Disk() {
  mount(nullptr);
}

// ── Faults ──────────────────────────────────────────────────────────────────────────────────────

void Disk::plan(DiskFault fault, int64_t count) {
  planned_ = fault;
  countdown_ = count;
}

DiskFault Disk::take_back() {
  planned_ = DiskFault::none;
  return std::exchange(happened_, DiskFault::none);
}

bool Disk::strikes() {
  if (planned_ == DiskFault::none || --countdown_ > 0) return false;
  happened_ = std::exchange(planned_, DiskFault::none);
  return true;
}

void Disk::process_died() {
  ++life_;
  shared_.clear();
}

void Disk::power_failed() {
  process_died();
  for (auto& [name, file] : unlinked_)
    if (!files_.contains(name) && random_.chance(0.5)) files_[name] = file;
  unlinked_.clear();
  const double kept = random_.unit();
  for (auto it = files_.begin(); it != files_.end();) {
    const bool gone = !it->second->listed && random_.chance(0.5);
    if (!gone) lose(*it->second, kept);
    it = gone ? files_.erase(it) : std::next(it);
  }
}

void Disk::lose(DiskFile& file, double kept) {
  std::vector<uint8_t> left = file.safe;
  if (file.content.size() != file.safe.size() && random_.chance(kept))
    left.resize(file.content.size());
  for (const auto& [sector, failed] : file.unsynced) {
    const size_t begin = sector * kSector;
    const size_t end = std::min({begin + kSector, file.content.size(), left.size()});
    Random fate(random_.next());
    const double what = fate.unit();
    if (what < kGarbage + kTorn) ++sectors_torn_;
    const size_t torn_at = begin + fate.next() % kSector;
    const bool lost = !fate.chance(kept);
    if (lost) ++sectors_lost_;
    for (size_t i = begin; i < end; ++i) {
      if (file.content[i] == left[i]) continue;
      if (what < kGarbage)
        left[i] = static_cast<uint8_t>(fate.next());
      else if (what < kGarbage + kTorn ? i < torn_at : !lost)
        left[i] = file.content[i];
    }
  }
  file.unsynced.clear();
  file.listed = true;
  file.safe = left;
  file.content = std::move(left);
}

// ── Writes ──────────────────────────────────────────────────────────────────────────────────────

std::shared_ptr<DiskFile> Disk::find(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

void Disk::put(DiskFile& file, const uint8_t* data, size_t size, size_t at) {
  const size_t from = std::min(at, file.content.size());  // what lies between becomes zeros
  if (at + size > file.content.size()) file.content.resize(at + size);
  std::copy_n(data, size, file.content.begin() + static_cast<std::ptrdiff_t>(at));
  for (size_t sector = from / kSector; sector * kSector < at + size; ++sector)
    file.unsynced[sector] = false;
}

int Disk::write(DiskFile& file, const uint8_t* data, size_t size, size_t at) {
  if (full_ && at + size > file.content.size()) return SQLITE_FULL;
  if (!strikes()) {
    put(file, data, size, at);
    return SQLITE_OK;
  }
  if (happened_ == DiskFault::full) return SQLITE_FULL;
  // The part of it that was done is seen by whoever comes next.
  put(file, data, random_.next() % (size + 1), at);
  if (happened_ == DiskFault::power_fails) power_failed();
  if (happened_ == DiskFault::process_dies) process_died();
  return SQLITE_IOERR_WRITE;
}

void Disk::make_safe(DiskFile& file) {
  file.listed = true;
  file.safe.resize(file.content.size());
  std::erase_if(file.unsynced, [&file](const auto& entry) {
    if (entry.second) return false;
    const size_t begin = entry.first * kSector;
    const size_t end = std::min(begin + kSector, file.content.size());
    if (begin < end)
      std::copy(file.content.begin() + static_cast<std::ptrdiff_t>(begin),
                file.content.begin() + static_cast<std::ptrdiff_t>(end),
                file.safe.begin() + static_cast<std::ptrdiff_t>(begin));
    return true;
  });
}

int Disk::sync(DiskFile& file) {
  if (!strikes()) {
    if (lies_) return SQLITE_OK;
    make_safe(file);
    unlinked_.clear();  // journals of file systems keep the order of what happens to directories
    return SQLITE_OK;
  }
  switch (happened_) {
    case DiskFault::process_dies:
      process_died();
      break;
    case DiskFault::power_fails:
      if (random_.chance(0.5)) make_safe(file);
      power_failed();
      break;
    default:
      for (auto& [sector, failed] : file.unsynced)
        failed = true;
  }
  return SQLITE_IOERR_FSYNC;
}

}  // namespace dray::sim
