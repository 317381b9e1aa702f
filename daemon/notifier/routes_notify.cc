// Who is told what, and what was sent.
#include "daemon/notifier/call.h"
#include "daemon/notifier/channel_intake.h"
#include "daemon/notifier/route_tables.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_channels.h"

namespace dray::notifier {
namespace {

#define DRAY_NOTIFY "/api/v1/notifications"
#define DRAY_CHANNEL DRAY_NOTIFY "/channels/{channel}"
#define DRAY_RULE DRAY_NOTIFY "/rules/{rule}"

struct DeliveryPage {
  std::vector<DeliveryView> deliveries;
  std::optional<std::string> next_cursor;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("deliveries", self.deliveries);
    visit("next_cursor", self.next_cursor);
  }
};

Result<DeliveryQuery> delivery_query(const Call& call) {
  DeliveryQuery query;
  DRAY_TRY_ASSIGN(const PageArgs page, page_arguments(call));
  query.limit = page.limit;
  query.before = page.cursor;
  query.state = text_parameter(call, "state");
  query.client = text_parameter(call, "client");
  query.job = text_parameter(call, "job");
  query.channel = text_parameter(call, "channel");
  DRAY_TRY_ASSIGN(query.run.value, number_parameter(call, "run", 0, 1, INT64_MAX));
  return query;
}

Task<HttpReply> list_deliveries(Call& call) {
  const Result<DeliveryQuery> query = delivery_query(call);
  if (!query) co_return problem(call, query.error());
  auto list = co_await call.api.verbs.ask_as<DeliveryListAnswer>(call.who, "notify.deliveries",
                                                                 to_json(*query));
  if (!list) co_return problem(call, list.error());
  DeliveryPage page;
  page.deliveries = std::move(list->deliveries);
  // An answer that did not fit into a message is shorter than asked for, and not the last one.
  if (!page.deliveries.empty() && page.deliveries.back().id > 1)
    page.next_cursor = fmt::format("{}", page.deliveries.back().id);
  co_return json_reply(to_json(page));
}

std::string field_json(const ChannelField& field) {
  JsonWriter json;
  json.begin_object();
  json.key("name");
  json.text(field.name);
  json.key("help");
  json.text(field.help);
  json.key("required");
  json.boolean(field.required);
  json.key("secret");
  json.boolean(field.secret);
  json.key("otherwise");
  json.text(field.otherwise);
  json.end_object();
  return json.take();
}

std::string kind_json(const ChannelKindRow& row) {
  JsonWriter json;
  json.begin_object();
  json.key("kind");
  json.text(to_string(row.kind));
  json.key("title");
  json.text(row.title);
  json.key("mail");
  json.boolean(row.mail);
  json.key("fields");
  json.begin_array();
  for (const ChannelField& field : row.fields)
    json.raw(field_json(field));
  json.end_array();
  json.end_object();
  return json.take();
}

Task<HttpReply> list_kinds(Call&) {
  JsonWriter json;
  json.begin_object();
  json.key("kinds");
  json.begin_array();
  for (const ChannelKindRow& row : channel_kinds())
    json.raw(kind_json(row));
  json.end_array();
  json.end_object();
  co_return json_reply(json.take());
}

constexpr Route kRoutes[] = {
    {.method = Method::get, .pattern = DRAY_NOTIFY "/kinds", .reply = list_kinds},
    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/channels",
     .reply = by_verb,
     .verb = {.name = "notify.channel.list", .from_query = "client"}},
    {.method = Method::post,
     .pattern = DRAY_NOTIFY "/channels",
     .need = Need::admin,
     .reply = create_channel,
     .takes_json = true,
     .status = 201},
    {.method = Method::get,
     .pattern = DRAY_CHANNEL,
     .reply = by_verb,
     .etag = true,
     .verb = {.name = "notify.channel.list", .pick = "channels", .pick_kind = "channel"}},
    {.method = Method::patch,
     .pattern = DRAY_CHANNEL,
     .need = Need::admin,
     .reply = change_channel,
     .takes_json = true},
    {.method = Method::remove,
     .pattern = DRAY_CHANNEL,
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "notify.channel.remove", .from_path = "name=channel"}},
    {.method = Method::post,
     .pattern = DRAY_CHANNEL "/test",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "notify.test", .from_path = "channel"}},

    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/rules",
     .reply = by_verb,
     .verb = {.name = "notify.rule.list", .from_query = "client job"}},
    {.method = Method::post,
     .pattern = DRAY_NOTIFY "/rules",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 201,
     .verb = {.name = "notify.rule.put", .constants = "\"id\":0", .unwrap = "rule"}},
    {.method = Method::patch,
     .pattern = DRAY_RULE,
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "notify.rule.put", .from_path = "id=rule#", .unwrap = "rule"}},
    {.method = Method::remove,
     .pattern = DRAY_RULE,
     .need = Need::operate,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "notify.rule.remove", .from_path = "id=rule#"}},

    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/templates",
     .reply = by_verb,
     .verb = {.name = "notify.template.list", .from_query = "client"}},
    {.method = Method::put,
     .pattern = DRAY_NOTIFY "/templates",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .status = 204,
     .verb = {.name = "notify.template.put"}},
    {.method = Method::remove,
     .pattern = DRAY_NOTIFY "/templates",
     .need = Need::operate,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "notify.template.remove", .from_query = "client event part"}},
    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/preview",
     .reply = by_verb,
     .verb = {.name = "notify.preview", .from_query = "client event run#"}},

    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/deliveries",
     .reply = list_deliveries,
     .query = "limit cursor state client job channel run"},
    {.method = Method::post,
     .pattern = DRAY_NOTIFY "/deliveries/retry",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "notify.retry"}},
};

}  // namespace

std::span<const Route> notify_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
