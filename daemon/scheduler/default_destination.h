// Where a job writes that names no destination: the operator's store, with a directory per client
// and job below it. Resolved once, when the job is stored, so a job never moves because the
// configuration changed. Pure.
#pragma once

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray::scheduler {

// <path>/<client>/<job> of `store`. invalid: there is no store.
Result<Endpoint> default_destination(const Endpoint& store, const JobSpec& spec);

}  // namespace dray::scheduler
