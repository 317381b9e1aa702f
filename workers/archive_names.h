// Names and sizes of an archive's parts. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/time.h"
#include "schemas/ids.h"

namespace dray::worker {

// <job>/20261120T120000Z-run812.tar.zst          one volume
// <job>/20261120T120000Z-run812.tar.zst.001 ...  several
// <job>/20261120T120000Z-run812.manifest.jsonl.zst
struct ArchiveNames {
  std::string folder;  // the job's name
  std::string stem;    // "20261120T120000Z-run812"
  bool numbered = false;

  std::string volume(uint32_t number) const;
  std::string manifest() const { return stem + ".manifest.jsonl.zst"; }
  std::string below(const std::string& name) const { return folder + "/" + name; }
};

// `at` is the same for all attempts of a run: a later one replaces what an earlier one left.
ArchiveNames archive_names(const std::string& job, WallTime at, RunId run);

// The names of all volumes of an archive whose first one is `first`.
std::string volume_name(const std::string& first, uint32_t number);

// How an archive is cut, from what the listing says.
struct ArchiveCut {
  uint64_t volume_bytes = 0;  // 0: one volume
  uint64_t part_bytes = 0;    // of an upload in parts
};

// An upload in parts has at most 10,000 (S3, B2); a tenth is left for growth of the source.
inline constexpr uint64_t kParts = 9'000;
inline constexpr uint64_t kSmallestPart = 5ULL << 20;
// rclone keeps four parts of an upload in memory: 256 MiB. Larger archives become several volumes.
inline constexpr uint64_t kLargestPart = 64ULL << 20;

// For a destination that takes no streams (WebDAV): rclone keeps a volume in the run's private
// directory until it is whole. This bounds how much that is, unless the job says otherwise.
inline constexpr uint64_t kSpooledVolume = 1ULL << 30;

// `wanted`: the job's volume_bytes, 0: as large as the destination takes.
ArchiveCut cut_archive(uint64_t source_bytes, uint64_t entries, uint64_t wanted, bool streams);

}  // namespace dray::worker
