// "worker.examine" {}: what this worker's machine can do (WorkerExamination of
// schemas/answers_workers.h).
#pragma once

#include <memory>

#include "workers/queries.h"

namespace dray::worker {

std::unique_ptr<RunningQuery> query_examine(QueryStart start);

}  // namespace dray::worker
