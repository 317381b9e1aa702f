// Takes remotes in: their settings are checked and sealed for the workers before they go anywhere,
// so that nobody on the way can read them, and nothing of them is kept here.
#pragma once

#include "daemon/notifier/call.h"

namespace dray::notifier {

Task<HttpReply> create_remote(Call& call);
Task<HttpReply> change_remote(Call& call);

}  // namespace dray::notifier
