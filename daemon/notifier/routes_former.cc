// The addresses that the page of the former product asks, mapped to what there is now. Its words
// are kept: a "job" there is a run here, and `job_id` its number. Payloads: docs/API.md.
#include "daemon/base/text.h"
#include "daemon/notifier/call.h"
#include "daemon/notifier/former_json.h"
#include "daemon/notifier/live_routes.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/run_requests.h"
#include "daemon/notifier/ws_adapter.h"
#include "daemon/store/store_receipts.h"
#include "schemas/progress_config.h"

namespace dray::notifier {
namespace {

constexpr size_t kMaxReceipts = 100;

using former::list_of;
using former::Object;

// ── Looking ─────────────────────────────────────────────────────────────────────────────────────

Task<HttpReply> show_progress_config(Call&) {
  co_return json_reply(progress_config_json(default_progress_config()));
}

Task<HttpReply> show_health(Call& call) {
  co_return json_reply(Object()
                           .text("status", former::is_connected(call.api) ? "healthy" : "degraded")
                           .text("version", DRAY_VERSION)
                           .take());
}

Task<HttpReply> show_status(Call& call) {
  co_return answer(call, co_await former::status_json(call.api, call.who.client));
}

Task<HttpReply> show_cancelable(Call& call) {
  const auto runs = co_await former::open_runs(call.api, call.who.client);
  if (!runs) co_return problem(call, runs.error());
  co_return json_reply(list_of(*runs, former::run_json));
}

Task<HttpReply> show_perf(Call& call) {
  const auto runs = co_await former::open_runs(call.api, call.who.client);
  if (!runs) co_return problem(call, runs.error());
  co_return json_reply(Object().raw("jobs", list_of(*runs, former::perf_json)).take());
}

Task<HttpReply> show_perf_of(Call& call) {
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  const auto read = [run = *run, client = call.who.client](store::Db& db) -> Result<RunView> {
    store::Queries queries(db);
    queries.bind_to(client);
    DRAY_TRY_ASSIGN(auto found, queries.run(run));
    if (!found) return std::unexpected(store::no_run(run));
    return std::move(*found);
  };
  const auto view = co_await call.api.database.ask(read);
  if (!view) co_return problem(call, view.error());
  co_return json_reply(former::perf_json(*view));
}

Task<Result<std::vector<ReceiptView>>> receipts_named(Call& call, std::string name) {
  store::ReceiptFilter filter;
  filter.client = call.who.client;
  filter.name = std::move(name);
  filter.limit = kMaxReceipts;
  return call.api.database.ask([filter](store::Db& db) { return store::receipts(db, filter); });
}

Task<HttpReply> check_receipt(Call& call) {
  const auto receipts = co_await receipts_named(call, call.parameter("filename"));
  if (!receipts) co_return problem(call, receipts.error());
  Object answer;
  answer.flag("received", !receipts->empty());
  if (!receipts->empty()) answer.raw("receipt", former::receipt_json(receipts->front()));
  co_return json_reply(answer.take());
}

Task<HttpReply> list_received(Call& call) {
  const auto receipts = co_await receipts_named(call, "");
  if (!receipts) co_return problem(call, receipts.error());
  co_return json_reply(Object().raw("files", list_of(*receipts, former::receipt_json)).take());
}

Task<HttpReply> show_server_info(Call& call) {
  co_return json_reply(Object()
                           .text("name", "Drayage")
                           .text("version", DRAY_VERSION)
                           .flag("connected", former::is_connected(call.api))
                           .number("uploads", call.api.uploads->count())
                           .take());
}

std::string connection_json(const ConnectionTally& tally, WallTime now) {
  const auto seconds_since = [now](WallTime then) {
    return std::chrono::duration<double>(now - then).count();
  };
  // Who never wrote anything is idle since the connection is there.
  const auto idle = [&](WallTime last) {
    return seconds_since(last == WallTime{} ? tally.opened_at : last);
  };
  return Object()
      .number("connection", tally.number)
      .text("client", tally.client)
      .text("user", tally.who)
      .text("address", tally.address)
      .flag("tls", tally.tls)
      .real("uptime_seconds", seconds_since(tally.opened_at))
      .number("requests", tally.requests)
      .number("bytes_in", tally.bytes_in)
      .number("bytes_out", tally.bytes_out)
      .raw("last_read", to_json(tally.last_read_at))
      .raw("last_write", to_json(tally.last_write_at))
      .real("read_idle_seconds", idle(tally.last_read_at))
      .real("write_idle_seconds", idle(tally.last_write_at))
      .number("errors", tally.errors)
      .text("last_error", tally.last_error)
      .number("partial_clears", tally.partial_clears)
      .take();
}

Task<HttpReply> show_connection_health(Call& call) {
  const WallTime now = call.api.clock.now().wall;
  const std::vector<ConnectionTally> connections = call.api.connections(call.who);
  const std::string list = list_of(
      connections, [now](const ConnectionTally& tally) { return connection_json(tally, now); });
  co_return json_reply(
      Object().number("count", connections.size()).raw("connections", list).take());
}

Task<HttpReply> show_adapter(Call&) {
  HttpReply reply;
  reply.content_type = "text/javascript; charset=utf-8";
  reply.headers.push_back({"cache-control", "no-cache"});
  reply.body = ws_adapter_js();
  co_return reply;
}

// ── Doing ───────────────────────────────────────────────────────────────────────────────────────

// The page holds no connection of its own to a server any more: it only learns whether there is
// one.
Task<HttpReply> show_connection(Call& call) {
  co_return json_reply(
      Object().flag("success", true).flag("connected", former::is_connected(call.api)).take());
}

struct CancelBody {
  std::string reason;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("reason", self.reason);
  }
};

Task<Result<CancelReply>> cancel(Call& call, CancelRequest question) {
  const Result<CancelBody> body = body_of<CancelBody>(call);
  if (!body) co_return std::unexpected(body.error());
  question.reason = body->reason;
  co_return co_await call.api.verbs.cancel(call.who, std::move(question));
}

Task<HttpReply> cancel_one(Call& call) {
  const Result<RunId> run = run_parameter(call);
  if (!run) co_return problem(call, run.error());
  CancelRequest question;
  question.runs = {*run};
  const Result<CancelReply> reply = co_await cancel(call, std::move(question));
  if (!reply) co_return problem(call, reply.error());
  const bool done = !reply->rows.empty() && reply->rows.front().code == 0;
  const std::string phase =
      reply->rows.empty() ? "" : std::string(to_string(reply->rows.front().state));
  co_return json_reply(Object().flag("success", done).text("phase", phase).take());
}

Task<HttpReply> cancel_all(Call& call) {
  CancelRequest question;
  question.all = true;
  const Result<CancelReply> reply = co_await cancel(call, std::move(question));
  if (!reply) co_return problem(call, reply.error());
  Object results;
  for (const CancelRow& row : reply->rows)
    results.flag(fmt::format("{}", row.run), row.code == 0);
  co_return json_reply(
      Object().flag("success", reply->code == 0).raw("results", results.take()).take());
}

Task<HttpReply> for_open_runs(Call& call, std::string_view verb) {
  const auto runs = co_await former::open_runs(call.api, call.who.client);
  if (!runs) co_return problem(call, runs.error());
  if (runs->empty()) co_return json_reply(Object().flag("success", true).take());
  const std::string numbers =
      list_of(*runs, [](const RunView& run) { return fmt::format("{}", run.run); });
  const auto done =
      co_await call.api.verbs.ask(call.who, verb, fmt::format(R"({{"runs":{}}})", numbers));
  if (!done) co_return problem(call, done.error());
  co_return json_reply(Object().flag("success", true).take());
}

Task<HttpReply> pause_all(Call& call) {
  co_return co_await for_open_runs(call, "run.pause");
}

Task<HttpReply> resume_all(Call& call) {
  co_return co_await for_open_runs(call, "run.resume");
}

constexpr Route looks(std::string_view pattern, ReplyHandler handler, Need need = Need::read) {
  return {.method = Method::get, .pattern = pattern, .need = need, .reply = handler};
}
constexpr Route does(std::string_view pattern, ReplyHandler handler) {
  return {.method = Method::post,
          .pattern = pattern,
          .need = Need::operate,
          .reply = handler,
          .takes_json = true,
          .same_origin_is_enough = true};
}

constexpr Route kRoutes[] = {
    looks("/progress_config.json", show_progress_config, Need::nothing),
    looks("/ws_adapter.js", show_adapter, Need::nothing),
    looks("/health", show_health, Need::nothing),
    looks("/api/health", show_health, Need::nothing),
    looks("/api/status", show_status),
    looks("/api/monitor_status", show_status),
    looks("/api/server_info", show_server_info),
    looks("/api/server/connection_health", show_connection_health),
    looks("/api/perf", show_perf),
    looks("/api/perf/{run}", show_perf_of),
    looks("/api/cancelable_jobs", show_cancelable),
    looks("/api/check_receipt/{filename}", check_receipt),
    looks("/api/received_files", list_received),
    does("/api/connect", show_connection),
    does("/api/disconnect", show_connection),
    does("/api/stop", cancel_all),
    does("/api/cancel_all", cancel_all),
    does("/api/cancel/{run}", cancel_one),
    does("/api/pause", pause_all),
    does("/api/resume", resume_all),
    {.method = Method::get, .pattern = "/ws", .stream = serve_former_socket, .stays = true},
    {.method = Method::post,
     .pattern = "/api/start_backup",
     .need = Need::operate,
     .stream = serve_upload,
     .status = 202,
     .same_origin_is_enough = true},
};

}  // namespace

std::span<const Route> former_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
