// Runs: looking at them, starting, stopping and deciding about them.
#include "daemon/notifier/call.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/run_log.h"
#include "daemon/notifier/run_requests.h"

namespace dray::notifier {
namespace {

#define DRAY_RUN "/api/v1/runs/{run}"

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/runs",
     .reply = list_runs,
     .query = "limit cursor client job state since until"},
    {.method = Method::post,
     .pattern = "/api/v1/runs/cancel",
     .need = Need::operate,
     .reply = cancel_runs,
     .takes_json = true,
     .status = 202},
    {.method = Method::post,
     .pattern = "/api/v1/runs/pause",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 202,
     .verb = {.name = "run.pause"}},
    {.method = Method::post,
     .pattern = "/api/v1/runs/resume",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 202,
     .verb = {.name = "run.resume"}},
    {.method = Method::get, .pattern = DRAY_RUN, .reply = show_run},
    {.method = Method::get,
     .pattern = DRAY_RUN "/why",
     .reply = by_verb,
     .verb = {.name = "run.why", .from_path = "run#"}},
    {.method = Method::get,
     .pattern = DRAY_RUN "/log",
     .stream = serve_run_log,
     .query = "attempt offset max_bytes format follow"},
    {.method = Method::post,
     .pattern = DRAY_RUN "/cancel",
     .need = Need::operate,
     .reply = cancel_run,
     .takes_json = true,
     .status = 202},
    {.method = Method::post,
     .pattern = DRAY_RUN "/pause",
     .need = Need::operate,
     .reply = pause_run,
     .takes_json = true,
     .status = 202},
    {.method = Method::post,
     .pattern = DRAY_RUN "/resume",
     .need = Need::operate,
     .reply = resume_run,
     .status = 202},
    {.method = Method::post,
     .pattern = DRAY_RUN "/retry",
     .need = Need::operate,
     .reply = retry_run,
     .takes_json = true,
     .status = 202},
    {.method = Method::post,
     .pattern = DRAY_RUN "/approve",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 202,
     .verb = {.name = "run.approve", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = DRAY_RUN "/reject",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 202,
     .verb = {.name = "run.reject", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = DRAY_RUN "/priority",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "run.priority", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = "/api/v1/jobs/{job}/runs",
     .need = Need::operate,
     .reply = start_run,
     .takes_json = true,
     .status = 202},
};

constexpr Route kVersionRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/versions/{run}",
     .reply = by_verb,
     .etag = true,
     .verb = {.name = "version.show", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = "/api/v1/versions/{run}/pin",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "version.pin", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = "/api/v1/versions/{run}/unpin",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "version.unpin", .from_path = "run#"}},
    {.method = Method::post,
     .pattern = "/api/v1/versions/{run}/restore",
     .need = Need::operate,
     .reply = restore_version,
     .takes_json = true,
     .status = 202},
};

}  // namespace

std::span<const Route> run_routes() {
  return kRoutes;
}

std::span<const Route> version_routes() {
  return kVersionRoutes;
}

}  // namespace dray::notifier
