// Questions about what manifests hold.
#pragma once

#include "workers/queries.h"

namespace dray::worker {

// FindInManifests below a place where states lie; answers VersionFindAnswer.
std::unique_ptr<RunningQuery> query_versions_find(QueryStart start);

}  // namespace dray::worker
