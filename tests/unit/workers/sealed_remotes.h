// Remotes sealed for a test's own key.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/seal.h"
#include "schemas/json_fields.h"
#include "schemas/remote_box.h"
#include "workers/rclone_config.h"

namespace dray::worker {

struct SealedRemotes {
  void add(const std::string& name, const std::string& type, const RemoteSettings& settings) {
    SealedRemote remote;
    remote.name = name;
    remote.type = type;
    remote.sealed = seal(keys.public_key, seal_context(remote), to_json(settings));
    remotes.push_back(std::move(remote));
  }
  SealingKeyPair keys = generate_sealing_keypair();
  std::vector<SealedRemote> remotes;
};

}  // namespace dray::worker
