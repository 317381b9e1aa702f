// Whole tables as CSV or JSON lines, page by page, so that their length costs no memory.
#include "daemon/notifier/call.h"
#include "daemon/notifier/csv.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/run_requests.h"
#include "daemon/store/store_catalog.h"
#include "daemon/store/store_receipts.h"

namespace dray::notifier {
namespace {

struct Rows {
  std::vector<std::string> json;
  uint64_t cursor = 0;  // of the next page; 0: that was all
};

struct ExportQuery {
  store::RunFilter runs;
  std::string client;  // bound of whoever asks
};

template <class View, class Number>
Rows as_rows(const std::vector<View>& views, Number&& number) {
  Rows rows;
  for (const View& view : views)
    rows.json.push_back(to_json(view));
  if (views.size() == limits::kMaxPageRows) rows.cursor = number(views.back());
  return rows;
}

Result<Rows> run_rows(store::Db& db, const ExportQuery& query, uint64_t cursor) {
  store::Queries queries(db);
  queries.bind_to(query.client);
  store::RunFilter filter = query.runs;
  filter.before = RunId{cursor};
  DRAY_TRY_ASSIGN(const auto runs, queries.runs(filter));
  return as_rows(runs, [](const RunView& run) { return run.run.value; });
}

Result<Rows> receipt_rows(store::Db& db, const ExportQuery& query, uint64_t cursor) {
  const std::string client = query.client.empty() ? query.runs.client : query.client;
  if (!query.runs.client.empty() && query.runs.client != client) return Rows{};
  DRAY_TRY_ASSIGN(
      const auto receipts,
      store::receipts(db,
                      {client, "", query.runs.job_name, {}, RunId{cursor}, limits::kMaxPageRows}));
  return as_rows(receipts, [](const ReceiptView& receipt) { return receipt.run.value; });
}

Result<Rows> event_rows(store::Db& db, const ExportQuery& query, uint64_t cursor) {
  store::Queries queries(db);
  queries.bind_to(query.client);
  DRAY_TRY_ASSIGN(
      const auto events,
      queries.events({cursor, {}, query.runs.job_name, query.runs.client, limits::kMaxPageRows}));
  return as_rows(events, [](const EventView& event) { return event.sequence; });
}

Result<Rows> audit_rows(store::Db& db, const ExportQuery&, uint64_t cursor) {
  DRAY_TRY_ASSIGN(const auto entries,
                  store::Catalog(db).audit(cursor ? cursor : UINT64_MAX, limits::kMaxPageRows));
  return as_rows(entries, [](const AuditEntry& entry) { return entry.id; });
}

struct TableRow {
  std::string_view name;
  std::string_view columns;
  Result<Rows> (*read)(store::Db&, const ExportQuery&, uint64_t cursor);
  bool for_administrators = false;
};
constexpr TableRow kTables[] = {
    {"runs",
     "run job client trigger state outcome error_class grade scheduled_at queued_at started_at "
     "ended_at attempt worker bytes files checks deletes errors dry_run asked_by reason hint "
     "cancel_by cancel_reason",
     run_rows},
    {"receipts", "run job client at name path size crc32 sha256", receipt_rows},
    {"events", "sequence at kind client job run body", event_rows},
    {"audit", "id at asked_by peer address verb target before after", audit_rows, true},
};

Result<ExportQuery> read_query(const Call& call) {
  ExportQuery query;
  DRAY_TRY_ASSIGN(query.runs, run_filter(call));
  query.runs.limit = limits::kMaxPageRows;
  query.client = call.who.client;
  const std::string format = text_parameter(call, "format");
  if (!format.empty() && format != "csv" && format != "jsonl")
    return fail(ErrorCode::invalid, "format: must be csv or jsonl");
  return query;
}

std::string page_text(const Rows& rows, const std::vector<std::string_view>& columns, bool csv) {
  std::string text;
  for (const std::string& json : rows.json) {
    if (!csv) {
      text += json + "\n";
    } else if (const Result<JsonDocument> row = JsonDocument::parse(json)) {
      text += csv_line(row->root(), columns);
    }
  }
  return text;
}

Task<void> serve_table(Call& call, Exchange& exchange, const TableRow& table, ExportQuery query) {
  const bool csv = text_parameter(call, "format") != "jsonl";
  const std::vector<std::string_view> columns = words(table.columns);
  const auto read = [&call, &table, query](uint64_t cursor) {
    return call.api.database.ask(
        [&table, query, cursor](store::Db& db) { return table.read(db, query, cursor); });
  };
  Result<Rows> rows = co_await read(0);
  if (!rows) {
    co_await exchange.reply(problem(call, rows.error()));
    co_return;
  }
  HttpReply head;
  head.content_type = csv ? "text/csv; charset=utf-8" : "application/jsonl";
  head.headers.push_back({"content-disposition", fmt::format("attachment; filename=\"dray-{}.{}\"",
                                                             table.name, csv ? "csv" : "jsonl")});
  bool open = co_await exchange.begin(std::move(head));
  if (open && csv) open = co_await exchange.write(csv_head(columns));
  while (open && rows) {
    open = co_await exchange.write(page_text(*rows, columns, csv));
    if (rows->cursor == 0) break;
    if (open) rows = co_await read(rows->cursor);
  }
  // Without its end whoever reads knows that the rest is missing.
  if (rows) co_await exchange.finish();
}

Task<void> serve_export(Call& call, Exchange& exchange) {
  const std::string& name = call.parameter("table");
  const auto table = std::ranges::find(kTables, name, &TableRow::name);
  if (table == std::end(kTables)) {
    const Error unknown{ErrorCode::not_found,
                        "there is no such table; there are runs, receipts, events and audit"};
    co_await exchange.reply(problem(call, unknown));
    co_return;
  }
  if (table->for_administrators && !(call.who.may(Scope::admin) && call.who.client.empty())) {
    co_await exchange.reply(refusal_reply(
        Refusal::denied, "this is for administrators of the whole installation", call.request));
    co_return;
  }
  Result<ExportQuery> query = read_query(call);
  if (!query) {
    co_await exchange.reply(problem(call, query.error()));
    co_return;
  }
  co_await serve_table(call, exchange, *table, std::move(*query));
}

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/export/{table}",
     .stream = serve_export,
     .query = "format client job state since until"},
};

}  // namespace

std::span<const Route> export_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
