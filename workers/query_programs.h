// "worker.programs" {}: ProgramsAnswer (see queries.h).
#pragma once

#include <memory>

#include "workers/queries.h"

namespace dray::worker {

std::unique_ptr<RunningQuery> query_worker_programs(QueryStart start);

}  // namespace dray::worker
