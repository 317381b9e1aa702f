// The journal as it grows: asked for page by page, or told over a connection that stays.
#include <charconv>

#include "daemon/notifier/former_json.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/notifier/live_routes.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/websocket_offer.h"
#include "daemon/store/store_queries.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kEventStream = "text/event-stream";
// How long a browser waits before it comes back.
constexpr std::string_view kRetry = "retry: 2000\n\n";

// ── Asked for ───────────────────────────────────────────────────────────────────────────────────

Result<store::EventFilter> event_filter(const Call& call) {
  store::EventFilter filter;
  DRAY_TRY_ASSIGN(filter.since, number_parameter(call, "since", 0, 0, INT64_MAX));
  DRAY_TRY_ASSIGN(filter.limit,
                  number_parameter(call, "limit", filter.limit, 1, limits::kMaxPageRows));
  DRAY_TRY_ASSIGN(filter.run.value, number_parameter(call, "run", 0, 1, INT64_MAX));
  filter.job = text_parameter(call, "job");
  filter.client = text_parameter(call, "client");
  if (call.request.parameter("topics"))
    return fail(ErrorCode::invalid, "topics: pages hold all kinds; streams take topics");
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
    // In this order nothing lies between the page and the end that it tells.
    DRAY_TRY_ASSIGN(rows.last_sequence, queries.last_sequence());
    DRAY_TRY_ASSIGN(rows.events, queries.events(filter));
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

// ── Told ────────────────────────────────────────────────────────────────────────────────────────

// Where a stream begins; nullopt: now. What the browser has seen is newer than its address.
Result<std::optional<uint64_t>> begin_of(const Call& call) {
  const std::string_view seen = call.request.header("last-event-id");
  if (!seen.empty()) {
    uint64_t sequence = 0;
    const auto [end, error] = std::from_chars(seen.data(), seen.data() + seen.size(), sequence);
    if (error == std::errc{} && end == seen.data() + seen.size()) return sequence;
    return fail(ErrorCode::invalid, "Last-Event-ID: must be the id of an event");
  }
  if (!call.request.parameter("since")) return std::nullopt;
  DRAY_TRY_ASSIGN(const uint64_t since, number_parameter(call, "since", 0, 0, INT64_MAX));
  return since;
}

Result<LiveFilter> live_filter(const Call& call) {
  RunId run;
  DRAY_TRY_ASSIGN(run.value, number_parameter(call, "run", 0, 1, INT64_MAX));
  return LiveFilter::parse(call.who, text_parameter(call, "topics"), text_parameter(call, "client"),
                           text_parameter(call, "job"), run);
}

std::string stream_head(const Call& call) {
  HttpReply head;
  head.content_type = kEventStream;
  head.headers.push_back({"x-accel-buffering", "no"});
  return head_text(head, false, call.request.secure) + "\r\n" + std::string(kRetry);
}

struct Beginning {
  LiveForm form = LiveForm::events;
  std::string head;
  LiveFilter filter;
  std::optional<uint64_t> since;
};

// Somebody who knows a later event than the journal holds speaks of another journal.
Task<bool> is_of_another_journal(Call& call, uint64_t since) {
  if (since <= call.api.live->log().last_sequence()) co_return false;
  const Result<uint64_t> last = co_await call.api.live->journal_end();
  co_return last&& since > *last;
}

Task<void> greet(Call& call, LiveSession& session, std::optional<uint64_t> since) {
  const std::shared_ptr<LiveHub> hub = call.api.live;
  const bool lost = since && co_await is_of_another_journal(call, *since);
  const auto snapshot =
      co_await hub->snapshots().get(session.filter().who(), hub->log().last_sequence());
  if (!since || lost) {
    session.begin(snapshot->sequence, snapshot->message->bytes(session.form(), hub->deflater()));
    if (lost) session.resync(snapshot->sequence, resync_message(snapshot->sequence));
    co_return;
  }
  // Their own beginning: they resume behind what they have had.
  const LiveMessagePtr own = snapshot_message(*since, snapshot->status);
  const LiveForm plain =
      session.form() == LiveForm::socket_deflated ? LiveForm::socket : session.form();
  session.begin(*since, own->bytes(plain, hub->deflater()));
}

Task<void> serve_live(Call& call, Exchange& exchange, Beginning&& beginning) {
  std::string early;
  HttpStream& stream = exchange.take_over(early);
  LiveSession session(call.api.live, stream, beginning.form, std::move(beginning.filter));
  session.put(std::move(beginning.head));
  if (beginning.form == LiveForm::former) {
    session.begin(call.api.live->log().last_sequence(), nullptr);
    call.api.live->send_former_status(session);
  } else {
    co_await greet(call, session, beginning.since);
  }
  co_await session.run(std::move(early));
}

Result<Beginning> beginning_of(const Call& call) {
  Beginning beginning;
  DRAY_TRY_ASSIGN(beginning.filter, live_filter(call));
  DRAY_TRY_ASSIGN(beginning.since, begin_of(call));
  return beginning;
}

// False: it was refused, and is answered.
Task<bool> begin(Call& call, Exchange& exchange, Result<Beginning>& beginning) {
  if (beginning) {
    const Status admitted = co_await call.api.live->admit(call.who.address);
    if (admitted) co_return true;
    beginning = std::unexpected(admitted.error());
  }
  co_await exchange.reply(problem(call, beginning.error()));
  co_return false;
}

bool wants_stream(const HttpRequest& request) {
  return request.method == Method::get &&
         request.header("accept").find(kEventStream) != std::string_view::npos;
}

Task<void> serve_socket(Call& call, Exchange& exchange, bool former) {
  const WebsocketOffer offer = websocket_offer(call.request, !former);
  if (offer.refusal) {
    co_await exchange.reply(websocket_refusal(offer, call.request));
    co_return;
  }
  Result<Beginning> beginning = beginning_of(call);
  if (!co_await begin(call, exchange, beginning)) co_return;
  beginning->form = former          ? LiveForm::former
                    : offer.deflate ? LiveForm::socket_deflated
                                    : LiveForm::socket;
  beginning->head = offer.answer;
  co_await serve_live(call, exchange, std::move(*beginning));
}

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/events",
     .stream = serve_events,
     .query = "since topics limit client job run",
     .stays = true},
};

}  // namespace

Task<void> serve_events(Call& call, Exchange& exchange) {
  if (!call.request.header("upgrade").empty())
    co_return co_await serve_socket(call, exchange, false);
  if (!wants_stream(call.request)) {
    co_await exchange.reply(co_await list_events(call));
    co_return;
  }
  Result<Beginning> beginning = beginning_of(call);
  if (!co_await begin(call, exchange, beginning)) co_return;
  beginning->head = stream_head(call);
  co_await serve_live(call, exchange, std::move(*beginning));
}

Task<void> serve_former_socket(Call& call, Exchange& exchange) {
  return serve_socket(call, exchange, true);
}

std::span<const Route> event_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
