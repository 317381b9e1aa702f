// Takes a remote's settings in: checks them, seals them to the workers' public key and stores them.
// From here on nobody but a worker can read them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/base/seal.h"
#include "ops/context.h"
#include "ops/obscure.h"
#include "schemas/answers_remotes.h"
#include "schemas/job.h"
#include "schemas/remote_refs.h"

namespace dray::ops {

// What secrets are sealed to. conflict: the workers have different keys; unavailable: no worker has
// told its key yet.
Result<SealingKey> workers_key(Context& context);

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
  // Changes settings of a remote that exists: a worker opens them and puts the change in. The
  // answer of remote.put. not_found: there is no such remote; denied: see workers/query_merge.cc.
  Result<std::string> change(const RemoteView& remote, const SettingsPatch& patch,
                             uint32_t max_concurrent);
  // not_found: the client has no such remote.
  Result<RemoteView> find(const std::string& name) const;

 private:
  Context* context_ = nullptr;
  SealingKey key_;
  std::map<std::string, RemoteView> known_;  // the remotes that exist
};

// "~/x" -> "/home/me/x".
std::string expand_home(const std::string& path);

}  // namespace dray::ops
