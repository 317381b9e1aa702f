// Who is told what: channels, rules, templates, and the messages that went out.
#include "daemon/notifier/call.h"
#include "daemon/notifier/channel_intake.h"
#include "daemon/notifier/route_tables.h"
#include "schemas/answers_notify.h"

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

Task<HttpReply> list_deliveries(Call& call) {
  Result<std::string> body = verb_body(call);
  if (!body) co_return problem(call, body.error());
  auto answer = co_await call.api.verbs.ask_as<DeliveryListAnswer>(call.who, call.route.verb.name,
                                                                   std::move(*body));
  if (!answer) co_return problem(call, answer.error());
  DeliveryPage page{std::move(answer->deliveries), std::nullopt};
  if (answer->more && !page.deliveries.empty())
    page.next_cursor = fmt::format("{}", page.deliveries.back().id);
  co_return json_reply(to_json(page));
}

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/channels",
     .reply = list_channels,
     .query = "client"},
    {.method = Method::post,
     .pattern = DRAY_NOTIFY "/channels",
     .need = Need::admin,
     .reply = create_channel,
     .takes_json = true,
     .status = 201},
    {.method = Method::get, .pattern = DRAY_CHANNEL, .reply = show_channel, .etag = true},
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
     .verb = {.name = "notify.preview", .from_query = "event client run#"}},

    {.method = Method::get,
     .pattern = DRAY_NOTIFY "/deliveries",
     .reply = list_deliveries,
     .verb = {.name = "notify.deliveries",
              .from_query = "state client job channel run# before=cursor# limit#"}},
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
