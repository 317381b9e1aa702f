// Threads beside the loop, for work that blocks.
#pragma once

#include <functional>
#include <thread>

namespace dray::worker {

// No signal is delivered to it: they are the loop's, and none may interrupt a call here. `name`, of
// at most 15 bytes, shows in process lists.
std::thread quiet_thread(const char* name, std::function<void()> work);

}  // namespace dray::worker
