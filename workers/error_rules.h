// The rows of the one error table (workers/error_table.h), in two parts that are searched one after
// the other. Order matters: within one text the first rule wins, so special texts stand before
// general ones, and what hides behind a wrapper ("couldn't fetch token: ... no such host") before
// the wrapper.
#pragma once

#include <span>

#include "workers/error_table.h"

namespace dray {

// What the job, its settings and the room at its destination cause.
std::span<const ErrorRule> job_error_rules();
// What the other side, the network, this worker or the data cause.
std::span<const ErrorRule> remote_error_rules();

}  // namespace dray
