// The private configuration file of one rclone: sealed remotes in, the text of rclone.conf out.
//
// Every remote gets a name of our making ("src", "dst", "r1" ...), so no text of a user ever stands
// where rclone looks for a remote's name. References of crypt, alias, union and the like are
// rewritten to those names. Settings are checked again although the command line did when it took
// them in: the database may hold what something else put there. Paths of `local` remotes must lie
// in the worker's local roots, at any depth of references.
//
// Settings of our own (schemas/rclone_options.h) are taken out: pinned host keys become a
// known_hosts file in the private directory, which is rclone's home. An sftp remote without them
// accepts any server.
//
// Errors name remote and setting, never a value.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "schemas/job.h"
#include "schemas/rclone_backends.h"

namespace dray::worker {

// A file that rclone.conf refers to.
struct ConfigFile {
  std::string name;  // in the private directory
  std::string text;
};

// A remote whose login rclone may renew while it runs.
struct LoginSection {
  std::string section;  // in rclone.conf
  SealedRemote remote;
};

struct RcloneConfig {
  SecretString text;        // of rclone.conf
  std::string source;       // "src:photos/2024"; empty when there is none
  std::string source_type;  // of that remote: "s3"
  std::string destination;  // "dst:backup"; empty when there is none
  std::vector<std::string> further;
  std::vector<ConfigFile> files;
  std::vector<LoginSection> logins;
  // Directories and files of this machine that they lead to, links followed; those of `further`
  // are with the destination's.
  std::vector<std::string> source_locals;
  std::vector<std::string> destination_locals;
  // Real paths of a source and a destination of type local; empty for any other.
  std::string source_local;
  std::string destination_local;
};

// `context` of a sealed remote: binds the box to its place.
std::string seal_context(const SealedRemote& remote);

// `destination` may be null (a probe), the source's remote empty (a run that has none), and
// `backends` null (then options are checked less); `further` are other places that the run touches.
// invalid, denied: the remotes or paths are not acceptable; corrupt: a box cannot be opened with
// our key.
Result<RcloneConfig> build_rclone_config(std::span<const SealedRemote> remotes,
                                         const Endpoint& source, const Endpoint* destination,
                                         const SealingKeyPair& keys,
                                         std::span<const std::string> local_roots,
                                         const RcloneBackends* backends = nullptr,
                                         std::span<const Endpoint> further = {});

// The settings in a box: opened and checked. corrupt: not for our key or from another place;
// invalid: a setting that is not allowed.
Result<RemoteSettings> open_remote(const SealedRemote& remote, const SealingKeyPair& keys,
                                   const RcloneBackends* backends);

// `value` so that rclone reads back the same bytes. invalid: no form of rclone's does.
Result<std::string> quote_config_value(std::string_view value);

}  // namespace dray::worker
