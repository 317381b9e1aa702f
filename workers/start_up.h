// What a worker needs on its machine before it can say hello.
#pragma once

#include <string>

#include "broker/bus.h"
#include "daemon/base/config.h"
#include "daemon/base/result.h"
#include "daemon/base/seal.h"

namespace dray::worker {

// Loads the key that opens credentials; makes one (0400) at the first start.
Result<SealingKeyPair> load_or_create_key(const std::string& path);

// The program dray-guard, which lies beside our own. not_found: the installation is not complete.
Result<std::string> find_guard();

// The kernel's id of this boot: tells a restarted worker from a cloned machine.
std::string boot_id();

// How this worker connects; tcp:// needs keys.
Result<BusOptions> bus_options(const Config& config, uint64_t epoch);

}  // namespace dray::worker
