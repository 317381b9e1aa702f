// The log of an attempt: as readable lines piece by piece, or as a stream of text, from the worker
// that has it.
#pragma once

#include "daemon/notifier/call.h"

namespace dray::notifier {

Task<void> serve_run_log(Call& call, Exchange& exchange);

}  // namespace dray::notifier
