// Files that are handed in, and their receipts.
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

}  // namespace

std::span<const Route> upload_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
