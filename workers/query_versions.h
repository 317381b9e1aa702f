// Questions about what manifests hold.
#pragma once

#include "workers/queries.h"

namespace dray::worker {

// FindInManifests in a directory of manifests; answers VersionFindAnswer.
std::unique_ptr<RunningQuery> query_versions_find(QueryStart start);

}  // namespace dray::worker
