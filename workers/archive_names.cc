#include "workers/archive_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "workers/tar_stream.h"

namespace dray::worker {
namespace {

constexpr uint64_t kMiB = 1 << 20;

}  // namespace

std::string ArchiveNames::volume(uint32_t number) const {
  const std::string name = stem + ".tar.zst";
  return numbered ? fmt::format("{}.{:03}", name, number) : name;
}

ArchiveNames archive_names(const std::string& job, WallTime at, RunId run) {
  const auto second = std::chrono::floor<seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{second - day};
  ArchiveNames names;
  names.folder = job;
  names.stem = fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z-run{}", int{date.year()},
                           unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                           time.minutes().count(), time.seconds().count(), run);
  return names;
}

std::string volume_name(const std::string& first, uint32_t number) {
  constexpr std::string_view kFirst = ".001";
  if (!first.ends_with(kFirst)) return first;
  return fmt::format("{}.{:03}", first.substr(0, first.size() - kFirst.size()), number);
}

ArchiveCut cut_archive(uint64_t source_bytes, uint64_t entries, uint64_t wanted, bool streams) {
  // Data that cannot be compressed grows by less than a hundredth.
  const uint64_t tar = source_bytes + entries * kTarEntryBytes;
  const uint64_t largest = tar + tar / 100 + kMiB;
  const uint64_t limit = wanted != 0 ? wanted : streams ? kLargestPart * kParts : kSpooledVolume;
  ArchiveCut cut;
  if (largest > limit) cut.volume_bytes = limit;
  const uint64_t one = std::min(largest, limit);
  const uint64_t part = (one / kParts + kMiB) / kMiB * kMiB;
  cut.part_bytes = std::max(part, kSmallestPart);
  return cut;
}

}  // namespace dray::worker
