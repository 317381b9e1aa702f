// Waiting for the end of a child of ours.
#pragma once

#include <sys/types.h>

#include "daemon/base/time.h"

namespace dray::worker {

// Until the child has ended, at most `limit`; reaps it then.
void wait_for_exit(pid_t pid, Duration limit);

}  // namespace dray::worker
