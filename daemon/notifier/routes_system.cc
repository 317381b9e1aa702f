// What goes on: status, queue, bandwidth, workers and settings.
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/notifier/call.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/run_requests.h"
#include "schemas/answers.h"
#include "schemas/answers_workers.h"

namespace dray::notifier {
namespace {

#define DRAY_WORKER "/api/v1/workers/{worker}"

// The worker, and its machine when it can be asked.
Task<HttpReply> show_worker(Call& call) {
  const auto list = co_await call.api.verbs.ask_as<WorkerListAnswer>(call.who, "worker.list", "{}");
  if (!list) co_return problem(call, list.error());
  const std::string& name = call.parameter("worker");
  const auto worker = std::ranges::find(list->workers, name, &WorkerView::name);
  if (worker == list->workers.end())
    co_return problem(call,
                      {ErrorCode::not_found, fmt::format("there is no worker {}", quoted(name))});
  const auto machine = co_await call.api.verbs.ask(
      call.who, "worker.examine", fmt::format(R"({{"name":{}}})", json_quote(name)));
  co_return json_reply(fmt::format(R"({{"worker":{},"machine":{}}})", to_json(*worker),
                                   machine ? *machine : "null"));
}

// From the last answer of the scheduler, as long as nothing was committed since.
Task<HttpReply> show_status(Call& call) {
  Api& api = call.api;
  const uint64_t revision = api.bus.link().scheduler_up ? api.database.at_once().version() : 0;
  const LiveSnapshotPtr snapshot =
      co_await api.live->snapshots().current(call.who, api.live->log().last_sequence(), revision);
  if (snapshot->status.empty()) co_return problem(call, snapshot->problem);
  HttpReply reply = json_reply("");
  reply.shared = std::shared_ptr<const std::string>(snapshot, &snapshot->status);
  co_return reply;
}

constexpr Route kRoutes[] = {
    {.method = Method::get, .pattern = "/api/v1/status", .reply = show_status},
    {.method = Method::get,
     .pattern = "/api/v1/queue",
     .reply = show_queue,
     .query = "limit cursor client"},
    {.method = Method::post,
     .pattern = "/api/v1/queue/pause",
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "queue.pause", .constants = "\"paused\":true"}},
    {.method = Method::post,
     .pattern = "/api/v1/queue/resume",
     .need = Need::admin,
     .reply = by_verb,
     .verb = {.name = "queue.pause", .constants = "\"paused\":false"}},
    {.method = Method::get,
     .pattern = "/api/v1/bandwidth",
     .reply = by_verb,
     .verb = {.name = "bandwidth.show"}},
    {.method = Method::put,
     .pattern = "/api/v1/bandwidth",
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "bandwidth.set"}},
    {.method = Method::get,
     .pattern = "/api/v1/workers",
     .reply = by_verb,
     .verb = {.name = "worker.list"}},
    {.method = Method::get, .pattern = DRAY_WORKER, .reply = show_worker},
    {.method = Method::get,
     .pattern = DRAY_WORKER "/programs",
     .reply = by_verb,
     .verb = {.name = "worker.programs", .from_path = "name=worker"}},
    {.method = Method::post,
     .pattern = DRAY_WORKER "/drain",
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "worker.drain", .from_path = "name=worker", .constants = "\"drain\":true"}},
    {.method = Method::post,
     .pattern = DRAY_WORKER "/undrain",
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "worker.drain", .from_path = "name=worker", .constants = "\"drain\":false"}},
    {.method = Method::get,
     .pattern = "/api/v1/programs",
     .reply = by_verb,
     .verb = {.name = "worker.programs"}},
    {.method = Method::get,
     .pattern = "/api/v1/settings",
     .reply = by_verb,
     .verb = {.name = "settings.list"}},
    {.method = Method::put,
     .pattern = "/api/v1/settings/{setting}",
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "settings.set", .from_path = "name=setting"}},
    {.method = Method::get,
     .pattern = "/api/v1/system/check",
     .reply = by_verb,
     .verb = {.name = "system.check"}},
    {.method = Method::post,
     .pattern = "/api/v1/system/backup",
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "system.backup"}},
};

}  // namespace

std::span<const Route> system_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
