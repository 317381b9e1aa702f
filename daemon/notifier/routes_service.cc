// About the service itself: is it alive, is it ready, its numbers, its contract.
#include "daemon/base/text.h"
#include "daemon/notifier/call.h"
#include "daemon/notifier/contract.h"
#include "daemon/notifier/route_tables.h"

namespace dray::notifier {
namespace {

Task<HttpReply> show_version(Call& call) {
  const Result<bool> needed = call.api.access.needs_setup();
  co_return json_reply(
      fmt::format(R"({{"program":"dray","version":"{}","api":"1","setup_needed":{}}})",
                  DRAY_VERSION, needed.value_or(false)));
}

Task<HttpReply> show_health(Call&) {
  co_return json_reply(R"({"status":"ok"})");
}

// Can it do its work: the scheduler answers through the broker, and the database can be read.
Task<HttpReply> show_readiness(Call& call) {
  const LinkState& link = call.api.bus.link();
  std::string problem = link.problem;
  if (problem.empty() && !link.broker_up) problem = "the broker is away";
  if (problem.empty() && !link.scheduler_up) problem = "drayd is away";
  if (const auto needed = call.api.access.needs_setup(); problem.empty() && !needed)
    problem = needed.error().message;
  if (problem.empty()) co_return json_reply(R"({"status":"ready"})");
  co_return json_reply(fmt::format(R"({{"status":"not ready","problem":{}}})", json_quote(problem)),
                       503);
}

Task<HttpReply> show_metrics(Call& call) {
  const Result<std::string> text = co_await call.api.metrics_text(call.who);
  if (!text) co_return problem(call, text.error());
  HttpReply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = *text;
  co_return reply;
}

Task<HttpReply> show_contract(Call&) {
  HttpReply reply;
  reply.content_type = "application/yaml";
  reply.body = openapi_yaml();
  co_return reply;
}

constexpr Route kRoutes[] = {
    {.method = Method::get, .pattern = "/healthz", .need = Need::nothing, .reply = show_health},
    {.method = Method::get, .pattern = "/readyz", .need = Need::nothing, .reply = show_readiness},
    {.method = Method::get, .pattern = "/metrics", .reply = show_metrics},
    {.method = Method::get,
     .pattern = "/api/v1/version",
     .need = Need::nothing,
     .reply = show_version},
    {.method = Method::get,
     .pattern = "/api/v1/openapi.yaml",
     .need = Need::nothing,
     .reply = show_contract},
};

}  // namespace

std::span<const Route> service_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
