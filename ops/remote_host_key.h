// The host key of an SFTP server, pinned when the remote is made: whoever enters the remote
// confirms what the server shows, or says beforehand which key it must be.
#pragma once

#include <string>
#include <vector>

#include "ops/context.h"
#include "schemas/job.h"

namespace dray::ops {

struct HostKeyChoice {
  bool accept = false;              // --accept-host-key: whatever it shows now
  std::vector<std::string> wanted;  // --host-key: fingerprints, or whole keys
};

// Puts the keys into the settings (kHostKeysSetting, and which types rclone shall take where it can
// be told). Does nothing when they are there already. Without a choice a person is asked.
// denied: the server shows none of the wanted keys, or the person said no; invalid: nobody to ask;
// unavailable: no worker can look at the server.
Status pin_host_key(Context& context, const HostKeyChoice& choice, RemoteSettings& settings,
                    std::vector<std::string>& notes);

}  // namespace dray::ops
