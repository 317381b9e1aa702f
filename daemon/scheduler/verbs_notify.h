// What the handlers of the verbs about notifications share. Private to verbs_notify*.cc.
#pragma once

#include <string_view>

#include "daemon/scheduler/verbs.h"

namespace dray::verbs {

// "" is the operator.
Status require_notify_client(Context& context, std::string_view client);
// One that rules of `client` may use: its own or the operator's.
Result<NotifyChannel> usable_channel(Context& context, std::string_view name,
                                     std::string_view client);
// The notifier reads its configuration again when it sees this in the journal.
void note_notify_change(Context& context, std::string_view what, std::string_view client);
// Whoever asks on behalf of a client reaches what is that client's.
bool is_own(const Context& context, std::string_view client);

}  // namespace dray::verbs
