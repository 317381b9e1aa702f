// What a person may do, decided in one place for the command line and the API alike: the scope of
// the verb (schemas/verbs.h) against theirs, and the client of what they name against the one that
// they belong to. What belongs to others is answered as if it were not there.
//
// Operators at the socket of their role act for themselves and may everything. The notifier acts
// for people whom it proved (Acting), or for itself, where a verb says that it may.
//
// Pure but for reads of the database; same thread as the store.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/messages.h"

namespace dray::verbs {

// Does the scope suffice? denied: no, and what is missing.
Status check_scope(Role role, const Acting& acting, const Verb& verb);
Status check_scope(Role role, const Acting& acting, Scope needed, std::string_view what);

// The body as the handler is to see it: held to the client of whoever asks. Bodies without the
// client that they could name get it. not_found: something in it is another client's.
Result<JsonDocument> within_reach(Context& context, const Verb& verb, JsonDocument body);

// Of the messages that are no verbs. A request for all becomes one for all of the client.
Status within_reach(Context& context, const Enqueue& request);
Status within_reach(Context& context, CancelRequest& request);

}  // namespace dray::verbs
