// The private configuration file of one rclone: sealed remotes in, the text of rclone.conf out.
//
// Every remote gets a name of our making ("src", "dst", "r1" ...), so no text of a user ever stands
// where rclone looks for a remote's name. References of crypt, alias, union and the like are
// rewritten to those names. Settings are checked again although the command line did when it took
// them in: the database may hold what something else put there. Paths of `local` remotes must lie
// in the worker's local roots, at any depth of references.
//
// Errors name remote and setting, never a value.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "schemas/job.h"

namespace dray::worker {

struct RcloneConfig {
  SecretString text;        // of rclone.conf
  std::string source;       // "src:photos/2024"
  std::string destination;  // "dst:backup"; empty when there is none
};

// `context` of a sealed remote: binds the box to its place.
std::string seal_context(const SealedRemote& remote);

// `destination` may be null (a probe). invalid, denied: the remotes or paths are not acceptable;
// corrupt: a box cannot be opened with our key.
Result<RcloneConfig> build_rclone_config(std::span<const SealedRemote> remotes,
                                         const Endpoint& source, const Endpoint* destination,
                                         const SealingKeyPair& keys,
                                         std::span<const std::string> local_roots);

// `value` so that rclone reads back the same bytes. invalid: no form of rclone's does.
Result<std::string> quote_config_value(std::string_view value);

}  // namespace dray::worker
