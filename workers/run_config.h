// The private directory of one rclone, filled: its configuration, the files that it refers to, and
// somebody who looks after the logins in it. All calls block for small writes.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"
#include "workers/login_keeper.h"
#include "workers/rclone_config.h"
#include "workers/run_context.h"

namespace dray::worker {

struct RunConfig {
  RcloneConfig rclone;  // minted names; its text is gone, it is on disk
  // Destroy it when rclone has ended, before the directory is removed. Null: nothing to look after.
  std::unique_ptr<LoginKeeper::Use> logins;
};

struct ConfigWanted {
  std::vector<SealedRemote> remotes;
  Endpoint source;
  const Endpoint* destination = nullptr;  // null: a question
  const RunSpec* crypt = nullptr;         // of an encrypted job: its destination is wrapped
  LoginKeeper::User user = LoginKeeper::User::run;
  std::function<void()> give_way = {};  // of a question: see LoginKeeper
  std::vector<Endpoint> further = {};   // other places that the run touches
};

// Makes the directory `paths`. Errors as build_rclone_config; conflict: a login is in use.
Result<RunConfig> make_run_config(const RunContext& context, const RunPaths& paths,
                                  ConfigWanted wanted);

}  // namespace dray::worker
