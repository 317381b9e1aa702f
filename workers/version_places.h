// Where the states of a job lie in its destination. Pure.
//
//   versioned   <dest>/current/                   the newest state, plain objects
//               <dest>/versions/000000000812/     what run 812 replaced or deleted, by path
//               <dest>/versions/000000000812.002/ the same of its second attempt
//               <dest>/manifests/000000000812.jsonl.zst
//   mirror      <dest>/                           the newest state
//               <versions_path>/versions|manifests, or neither
//
// Every attempt has a directory of its own: a second one would put what the first wrote over what
// the first moved away.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/ids.h"
#include "schemas/job_policy.h"

namespace dray::worker {

struct VersionPlaces {
  std::string objects;  // "dst:backup/current"
  std::string store;    // "dst:backup": versions/ and manifests/ are below; empty: none are kept
};

// `destination` and `versions` as minted; `versions` empty: no path of its own.
VersionPlaces version_places(Layout layout, const std::string& destination,
                             const std::string& versions);

// One directory below versions/, in the order in which they were filled.
struct VersionDir {
  RunId run;
  uint32_t attempt = 1;
  friend auto operator<=>(const VersionDir&, const VersionDir&) = default;
};
std::string dir_name(const VersionDir& dir);                      // "000000000812.002"
std::optional<VersionDir> parse_dir_name(std::string_view name);  // only what dir_name() makes

inline constexpr std::string_view kVersionsDir = "versions";
inline constexpr std::string_view kManifestsDir = "manifests";
std::string manifest_name(RunId run);  // "000000000812.jsonl.zst"

}  // namespace dray::worker
