// Asking for a run, and waiting for it when the command line says so.
#pragma once

#include "ops/command.h"
#include "ops/context.h"
#include "schemas/messages.h"

namespace dray::ops {

inline const OptionSpec kWaitOption{"--wait", "",
                                    "watch it and end with its outcome; Ctrl-C leaves it running"};
inline const OptionSpec kTimeoutOption{"--timeout", "TIME",
                                       "stop waiting after this time, like 2h; the run goes on"};

// --timeout; nullopt: as long as it takes.
Result<std::optional<Duration>> timeout_of(const Args& args);
Result<Exit> start_run(Context& context, const Args& args, Enqueue question);

}  // namespace dray::ops
