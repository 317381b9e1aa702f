// What a restore copies, from where: the files of one state, part by part. Filled in by the first
// step of the attempt, used by the others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "workers/listing_parser.h"
#include "workers/version_places.h"

namespace dray::worker {

// Files that lie in one directory of the destination.
struct RestorePart {
  std::string from;  // minted
  std::string list;  // file for --files-from-raw
  uint64_t files = 0;
  uint64_t bytes = 0;
};

struct RestorePlan {
  std::string to;  // minted
  std::vector<RestorePart> parts;
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t passed_over = 0;  // files of the state that were not asked for
};

// Sorts the files of a state into parts and writes their lists. Memory does not grow with the
// number of files. Blocks on the local disk.
class RestorePartWriter {
 public:
  // Lists become files in `directory`; `objects` and `versions` are minted places.
  RestorePartWriter(std::string directory, std::string objects, std::string versions)
      : directory_(std::move(directory)),
        objects_(std::move(objects)),
        versions_(std::move(versions)) {}

  // invalid: a path that no list can carry.
  Status add(const RemoteEntry& entry, const std::optional<VersionDir>& place);
  Result<std::vector<RestorePart>> finish();

 private:
  struct Open {
    RestorePart part;
    std::string pending;
    bool begun = false;
  };
  Status flush(Open& open);

  std::string directory_;
  std::string objects_;
  std::string versions_;
  std::map<std::optional<VersionDir>, Open> open_;
};

// A fair sample of bounded size: the files with the smallest hash of path and seed. Pure.
class RestoreSample {
 public:
  RestoreSample(uint64_t seed, size_t wanted) : seed_(seed), wanted_(wanted) {}
  void add(const RemoteEntry& entry, const std::optional<VersionDir>& place);

  struct Chosen {
    RemoteEntry entry;
    std::optional<VersionDir> place;
  };
  const std::multimap<uint64_t, Chosen>& chosen() const { return chosen_; }

  // A drill is a test, not a second backup: more files prove little more.
  static constexpr size_t kMost = 1000;
  // At least one; `percent` of `files`.
  static size_t size_for(uint64_t files, uint32_t percent);

 private:
  uint64_t seed_;
  size_t wanted_;
  std::multimap<uint64_t, Chosen> chosen_;
};

}  // namespace dray::worker
