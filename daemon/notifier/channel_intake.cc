#include "daemon/notifier/channel_intake.h"

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/answers.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_box.h"
#include "schemas/notify_check.h"

namespace dray::notifier {
namespace {

// What is shown of a channel: the names of its secrets and no box.
struct ChannelView {
  NotifyChannel channel;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.channel.name);
    visit("client", self.channel.client);
    visit("kind", self.channel.kind);
    visit("settings", self.channel.settings);
    visit("secrets", self.channel.secrets);
    visit("max_per_hour", self.channel.max_per_hour);
    visit("digest_after", self.channel.digest_after);
    visit("fallback", self.channel.fallback);
    visit("updated_at", self.channel.updated_at);
  }
};

struct ChannelViews {
  std::vector<ChannelView> channels;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channels", self.channels);
  }
};

// Secrets stand among the settings, in clear.
struct ChannelInput {
  NotifyChannel channel;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.channel.name);
    visit.optional("client", self.channel.client);
    visit("kind", self.channel.kind);
    visit("settings", self.channel.settings);
    visit.optional("max_per_hour", self.channel.max_per_hour);
    visit.optional("digest_after", self.channel.digest_after);
    visit.optional("fallback", self.channel.fallback);
  }
};

struct ChannelPatch {
  std::optional<std::map<std::string, std::string>> settings;
  std::optional<uint32_t> max_per_hour;
  std::optional<uint32_t> digest_after;
  std::optional<std::string> fallback;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("settings", self.settings);
    visit.optional("max_per_hour", self.max_per_hour);
    visit.optional("digest_after", self.digest_after);
    visit.optional("fallback", self.fallback);
  }
};

// What notify.channel.put takes. The box of a known channel stays when it is left out.
struct ChannelPut {
  const NotifyChannel& channel;
  std::string sealed;  // base64
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.channel.name);
    visit("client", self.channel.client);
    visit("kind", self.channel.kind);
    visit("settings", self.channel.settings);
    visit("max_per_hour", self.channel.max_per_hour);
    visit("digest_after", self.channel.digest_after);
    visit("fallback", self.channel.fallback);
    if (self.sealed.empty()) return;
    visit("secrets", self.channel.secrets);
    visit("sealed", self.sealed);
    visit("sealed_for", self.channel.sealed_for);
  }
};

Task<Result<ChannelListAnswer>> known_channels(Call& call) {
  std::string body = "{}";
  if (const std::string client = text_parameter(call, "client"); !client.empty())
    body = fmt::format(R"({{"client":{}}})", json_quote(client));
  co_return co_await call.api.verbs.ask_as<ChannelListAnswer>(call.who, "notify.channel.list",
                                                              std::move(body));
}

Task<Result<std::optional<NotifyChannel>>> find_channel(Call& call, std::string name) {
  Result<ChannelListAnswer> known = co_await known_channels(call);
  if (!known) co_return std::unexpected(known.error());
  for (NotifyChannel& channel : known->channels)
    if (channel.name == name) co_return std::optional<NotifyChannel>(std::move(channel));
  co_return std::optional<NotifyChannel>();
}

Error no_channel(std::string_view name) {
  return {ErrorCode::not_found, fmt::format("there is no channel {}", quoted(name))};
}

Task<HttpReply> store(Call& call, NotifyChannel channel, EnteredChannel entered) {
  if (!entered.secrets.empty()) {
    const auto told = co_await call.api.verbs.ask_as<SealKeyAnswer>(call.who, "notify.key", "{}");
    if (!told) co_return problem(call, told.error());
    const Result<SealingKey> key = parse_sealing_key(told->public_key);
    if (!key) co_return problem(call, annotate(key.error(), "the notifier's key"));
    seal_channel_secrets(*key, entered, channel);
  }
  std::string body = to_json(ChannelPut{channel, base64_encode(channel.sealed)});
  const auto stored = co_await call.api.verbs.ask_as<ChannelAnswer>(call.who, "notify.channel.put",
                                                                    std::move(body));
  if (!stored) co_return problem(call, stored.error());
  co_return json_reply(to_json(ChannelView{stored->channel}), call.route.status);
}

}  // namespace

Task<HttpReply> list_channels(Call& call) {
  Result<ChannelListAnswer> known = co_await known_channels(call);
  if (!known) co_return problem(call, known.error());
  ChannelViews views;
  for (NotifyChannel& channel : known->channels)
    views.channels.push_back({std::move(channel)});
  co_return json_reply(to_json(views));
}

Task<HttpReply> show_channel(Call& call) {
  const auto found = co_await find_channel(call, call.parameter("channel"));
  if (!found) co_return problem(call, found.error());
  if (!*found) co_return problem(call, no_channel(call.parameter("channel")));
  co_return json_reply(to_json(ChannelView{**found}));
}

Task<HttpReply> create_channel(Call& call) {
  Result<ChannelInput> input = body_of<ChannelInput>(call);
  if (!input) co_return problem(call, input.error());
  NotifyChannel& channel = input->channel;
  if (!call.who.client.empty()) channel.client = call.who.client;
  const auto known = co_await find_channel(call, channel.name);
  if (!known) co_return problem(call, known.error());
  if (*known)
    co_return problem(call, {ErrorCode::conflict,
                             fmt::format("there is a channel {} already", quoted(channel.name))});
  Result<EnteredChannel> entered =
      sort_channel_settings(channel_kind(channel.kind), std::move(channel.settings));
  if (!entered) co_return problem(call, entered.error());
  channel.settings = entered->settings;
  co_return co_await store(call, std::move(channel), std::move(*entered));
}

Task<HttpReply> change_channel(Call& call) {
  Result<ChannelPatch> input = body_of<ChannelPatch>(call);
  if (!input) co_return problem(call, input.error());
  auto known = co_await find_channel(call, call.parameter("channel"));
  if (!known) co_return problem(call, known.error());
  if (!*known) co_return problem(call, no_channel(call.parameter("channel")));
  NotifyChannel channel = std::move(**known);
  Result<EnteredChannel> entered = EnteredChannel{};
  if (input->settings) {
    entered = sort_channel_settings(channel_kind(channel.kind), std::move(*input->settings));
    if (!entered) co_return problem(call, entered.error());
    const Status complete = check_all_secrets(channel, *entered);
    if (!complete) co_return problem(call, complete.error());
    channel.settings = entered->settings;
  }
  channel.max_per_hour = input->max_per_hour.value_or(channel.max_per_hour);
  channel.digest_after = input->digest_after.value_or(channel.digest_after);
  channel.fallback = input->fallback.value_or(std::move(channel.fallback));
  co_return co_await store(call, std::move(channel), std::move(*entered));
}

}  // namespace dray::notifier
