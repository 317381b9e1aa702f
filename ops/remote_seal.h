// Takes a remote's settings in: checks them, seals them to the workers' public key and stores them.
// From here on nobody but a worker can read them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/base/seal.h"
#include "ops/context.h"
#include "ops/obscure.h"
#include "schemas/job.h"

namespace dray::ops {

struct NewRemote {
  std::string name;
  std::string client;
  std::string type;
  std::vector<std::string> refers_to;
  int64_t max_concurrent = 0;
  RemoteSettings settings;  // in clear
};

class Sealer {
 public:
  Sealer() = default;
  // Asks for the workers' key and for the remotes that exist. conflict: no worker has told its key
  // yet.
  static Result<Sealer> open(Context& context, const std::string& client);
  // The answer of remote.put. conflict: it exists and `replace` is not set; invalid: the settings.
  Result<std::string> put(const NewRemote& remote, bool replace);

 private:
  Context* context_ = nullptr;
  SealingKey key_;
  std::map<std::string, uint32_t> versions_;  // of the remotes that exist
};

// Passwords become what rclone wants to find in its configuration.
void obscure_settings(std::string_view type, RemoteSettings& settings);

// Names of the remotes that these settings refer to.
Status collect_references(std::string_view type, const RemoteSettings& settings,
                          std::vector<std::string>& names);

// "~/x" -> "/home/me/x".
std::string expand_home(const std::string& path);

}  // namespace dray::ops
