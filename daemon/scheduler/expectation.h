// Changes that are made only if what they change is still what somebody saw (Request::if_match).
//
// Same thread as the store, in the transaction of the change.
#pragma once

#include "daemon/base/result.h"
#include "daemon/scheduler/verbs.h"

namespace dray::verbs {

// fail_changed_since() of etag.h: it is not, or no longer there. invalid: the verb cannot depend on
// what was seen.
Status check_unchanged(Context& context, const Request& request);

}  // namespace dray::verbs
