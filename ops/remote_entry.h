// Making and changing remotes: `dray remote add`, `edit`, `authorize`, `types`. And the test of a
// remote, which follows them.
#pragma once

#include <string>
#include <vector>

#include "ops/command.h"
#include "ops/context.h"

namespace dray::ops {

std::vector<Command> remote_entry_commands();

// Lists the remote on a worker and says how it went. Exit::failed: it does not work.
Result<Exit> test_remote(Context& context, const std::string& name, const std::string& client,
                         const std::string& path);

}  // namespace dray::ops
