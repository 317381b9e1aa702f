// Does the sandbox work on this machine, for this user, within this unit?
#pragma once

#include <string>

#include "workers/child_process.h"
#include "workers/sandbox.h"

namespace dray::worker {

// Runs `program` with `version` inside, with the strictest arguments first. `program` is what will
// run in it later. Blocks (turns the loop) for at most a few times kSandboxTimeout.
SandboxTools find_sandbox(EventLoop& loop, ProcessFamily& family, const std::string& guard,
                          const std::string& program, const std::string& work_dir);

inline constexpr Duration kSandboxTimeout = seconds{10};

}  // namespace dray::worker
