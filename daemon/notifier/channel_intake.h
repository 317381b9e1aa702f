// Takes channels of notifications in: their settings are checked, and the secret ones sealed for
// the notifier before they go anywhere, so that neither drayd nor its database can read them.
#pragma once

#include "daemon/notifier/call.h"

namespace dray::notifier {

Task<HttpReply> list_channels(Call& call);
Task<HttpReply> show_channel(Call& call);
Task<HttpReply> create_channel(Call& call);
Task<HttpReply> change_channel(Call& call);

}  // namespace dray::notifier
