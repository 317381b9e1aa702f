#include "schemas/answers_jobs.h"
#include "schemas/answers_runs.h"

namespace dray {

DRAY_JSON_ONCE(, EventView);
DRAY_JSON_ONCE(, JobView);
DRAY_JSON_ONCE(, RunView);

}  // namespace dray
