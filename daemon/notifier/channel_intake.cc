#include "daemon/notifier/channel_intake.h"

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/answers_jobs.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_entry.h"

namespace dray::notifier {
namespace {

using Settings = std::map<std::string, std::string>;

struct ChannelInput {
  NotifyChannel channel;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.channel.name);
    visit.optional("client", self.channel.client);
    visit("kind", self.channel.kind);
    visit.optional("settings", self.channel.settings);
    visit.optional("max_per_hour", self.channel.max_per_hour);
    visit.optional("digest_after", self.channel.digest_after);
    visit.optional("fallback", self.channel.fallback);
  }
};

// Settings in clear are replaced as a whole; secrets stay where none is given.
struct ChannelPatch {
  std::optional<Settings> settings;
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

Task<Result<NotifyChannel>> known_channel(Call& call, std::string name) {
  const auto list =
      co_await call.api.verbs.ask_as<ChannelListAnswer>(call.who, "notify.channel.list", "{}");
  if (!list) co_return std::unexpected(list.error());
  for (const NotifyChannel& channel : list->channels)
    if (channel.name == name) co_return channel;
  co_return fail(ErrorCode::not_found, "there is no channel {}", quoted(name));
}

// Puts what was entered into the channel.
Task<Status> enter(Call& call, NotifyChannel& channel, Settings values) {
  Result<ChannelEntry> entry = sort_channel_entry(channel_kind(channel.kind), std::move(values));
  if (!entry) co_return std::unexpected(entry.error());
  channel.settings = std::move(entry->settings);
  if (entry->secrets.empty()) co_return Status{};
  const auto answer = co_await call.api.verbs.ask_as<SealKeyAnswer>(call.who, "notify.key", "{}");
  if (!answer) co_return std::unexpected(answer.error());
  const Result<SealingKey> key = parse_sealing_key(answer->public_key);
  if (!key) co_return std::unexpected(annotate(key.error(), "the notifier's key"));
  co_return seal_channel_secrets(*key, channel, entry->secrets);
}

// Without a new box the one that is stored stays.
std::string put_body(const NotifyChannel& channel, bool create) {
  JsonWriter json;
  json.begin_object();
  const auto put = [&json](std::string_view key, const std::string& value) {
    json.key(key);
    json.raw(value);
  };
  put("create", create ? "true" : "false");
  put("name", json_quote(channel.name));
  put("client", json_quote(channel.client));
  put("kind", json_quote(to_string(channel.kind)));
  put("settings", to_json(channel.settings));
  put("max_per_hour", fmt::format("{}", channel.max_per_hour));
  put("digest_after", fmt::format("{}", channel.digest_after));
  put("fallback", json_quote(channel.fallback));
  if (!channel.sealed.empty()) {
    put("secrets", to_json(channel.secrets));
    put("sealed", json_quote(base64_encode(channel.sealed)));
    put("sealed_for", json_quote(channel.sealed_for));
  }
  json.end_object();
  return json.take();
}

Task<HttpReply> store(Call& call, const NotifyChannel& channel, bool create) {
  const AskTerms terms = terms_of(call);
  const auto stored = co_await call.api.verbs.ask_as<ChannelAnswer>(
      call.who, "notify.channel.put", put_body(channel, create), terms);
  if (!stored) co_return problem(call, stored.error());
  co_return json_reply(to_json(stored->channel), call.route.status);
}

}  // namespace

Task<HttpReply> create_channel(Call& call) {
  Result<ChannelInput> input = body_of<ChannelInput>(call);
  if (!input) co_return problem(call, input.error());
  NotifyChannel& channel = input->channel;
  const Status entered = co_await enter(call, channel, std::move(channel.settings));
  if (!entered) co_return problem(call, entered.error());
  co_return co_await store(call, channel, true);
}

Task<HttpReply> change_channel(Call& call) {
  Result<ChannelPatch> input = body_of<ChannelPatch>(call);
  if (!input) co_return problem(call, input.error());
  Result<NotifyChannel> channel = co_await known_channel(call, call.parameter("channel"));
  if (!channel) co_return problem(call, channel.error());
  channel->max_per_hour = input->max_per_hour.value_or(channel->max_per_hour);
  channel->digest_after = input->digest_after.value_or(channel->digest_after);
  channel->fallback = input->fallback.value_or(channel->fallback);
  if (input->settings) {
    const Status entered = co_await enter(call, *channel, std::move(*input->settings));
    if (!entered) co_return problem(call, entered.error());
  }
  co_return co_await store(call, *channel, false);
}

}  // namespace dray::notifier
