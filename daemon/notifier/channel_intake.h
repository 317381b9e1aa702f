// Channels of notifications as people enter them: their secrets are sealed to the notifier's key at
// once, and go as boxes through the scheduler like those of the command line.
#pragma once

#include "daemon/notifier/call.h"

namespace dray::notifier {

Task<HttpReply> create_channel(Call& call);
Task<HttpReply> change_channel(Call& call);

}  // namespace dray::notifier
