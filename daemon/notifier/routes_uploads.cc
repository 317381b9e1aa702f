// Files that are handed in, their receipts, and the log of events.
#include "daemon/notifier/call.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/run_requests.h"
#include "daemon/store/store_receipts.h"

namespace dray::notifier {
namespace {

struct ReceiptPage {
  std::vector<ReceiptView> receipts;
  std::optional<std::string> next_cursor;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("receipts", self.receipts);
    visit("next_cursor", self.next_cursor);
  }
};

Result<store::ReceiptFilter> receipt_filter(const Call& call) {
  store::ReceiptFilter filter;
  DRAY_TRY_ASSIGN(const PageArgs page, page_arguments(call));
  filter.limit = page.limit;
  filter.before = RunId{page.cursor};
  filter.client = text_parameter(call, "client");
  filter.name = text_parameter(call, "name");
  filter.job = text_parameter(call, "job");
  DRAY_TRY_ASSIGN(filter.run.value, number_parameter(call, "run", 0, 1, INT64_MAX));
  return filter;
}

Task<HttpReply> list_receipts(Call& call) {
  Result<store::ReceiptFilter> filter = receipt_filter(call);
  if (!filter) co_return problem(call, filter.error());
  if (!filter->client.empty() && !call.who.may_see(filter->client))
    co_return json_reply(to_json(ReceiptPage{}));
  if (!call.who.client.empty()) filter->client = call.who.client;
  const auto read = [filter = *filter](store::Db& db) -> Result<ReceiptPage> {
    ReceiptPage rows;
    DRAY_TRY_ASSIGN(rows.receipts, store::receipts(db, filter));
    if (rows.receipts.size() == filter.limit)
      rows.next_cursor = fmt::format("{}", rows.receipts.back().run);
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

Result<store::EventFilter> event_filter(const Call& call) {
  store::EventFilter filter;
  DRAY_TRY_ASSIGN(filter.since, number_parameter(call, "since", 0, 0, INT64_MAX));
  DRAY_TRY_ASSIGN(filter.limit,
                  number_parameter(call, "limit", filter.limit, 1, limits::kMaxPageRows));
  DRAY_TRY_ASSIGN(filter.run.value, number_parameter(call, "run", 0, 1, INT64_MAX));
  filter.job = text_parameter(call, "job");
  filter.client = text_parameter(call, "client");
  return filter;
}

Task<HttpReply> list_events(Call& call) {
  const Result<store::EventFilter> filter = event_filter(call);
  if (!filter) co_return problem(call, filter.error());
  const auto read = [filter = *filter,
                     client = call.who.client](store::Db& db) -> Result<EventListAnswer> {
    store::Queries queries(db);
    queries.bind_to(client);
    EventListAnswer rows;
    DRAY_TRY_ASSIGN(rows.events, queries.events(filter));
    DRAY_TRY_ASSIGN(rows.last_sequence, queries.last_sequence());
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

constexpr Route kRoutes[] = {
    {.method = Method::post,
     .pattern = "/api/v1/uploads",
     .need = Need::operate,
     .stream = serve_upload,
     .status = 202},
    {.method = Method::get,
     .pattern = "/api/v1/receipts",
     .reply = list_receipts,
     .query = "limit cursor client job run name"},
};

constexpr Route kEventRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/events",
     .reply = list_events,
     .query = "since topics limit client job run"},
};

}  // namespace

std::span<const Route> upload_routes() {
  return kRoutes;
}

std::span<const Route> event_routes() {
  return kEventRoutes;
}

}  // namespace dray::notifier
