// Channels of notifications, and what passes between scheduler and notifier. Rules and templates
// are in verbs_notify_rules.cc.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/scheduler/event_kinds.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs_notify.h"
#include "schemas/notify_channels.h"
#include "schemas/notify_check.h"

namespace dray::verbs {
namespace {

struct NameArgs {
  std::string name;
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
  }
};

struct RegisterArgs {
  std::string public_key;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("public_key", self.public_key);
  }
};

// Operators' programs could ask, too, and must not get what is sealed.
Status only_for_notifier(const Context& context) {
  if (context.role == Role::notifier) return {};
  return fail(ErrorCode::denied, "this is asked by dray-notifier only");
}

NotifyChannel without_box(NotifyChannel channel) {
  channel.sealed.clear();
  return channel;
}

Status check_reader_of(Context& context, const NotifyChannel& channel) {
  if (channel.sealed.empty()) return {};
  DRAY_TRY_ASSIGN(const std::string key, context.notify.public_key());
  if (!key.empty() && fingerprint(to_sealing_key(key)) == channel.sealed_for) return {};
  return fail(ErrorCode::conflict,
              "channel {}: its secrets are sealed to the key {}, which is not the notifier's; take "
              "the current key and seal again",
              quoted(channel.name), quoted(channel.sealed_for));
}

Status check_change(const NotifyChannel& before, const NotifyChannel& after, bool resealed) {
  const std::string where = fmt::format("channel {}", quoted(after.name));
  if (before.kind != after.kind)
    return fail(ErrorCode::conflict,
                "{}: kind: cannot be changed; remove the channel and make it "
                "anew",
                where);
  if (before.client != after.client)
    return fail(ErrorCode::conflict, "{}: client: cannot be changed", where);
  if (!resealed && !before.sealed.empty() &&
      channel_seal_context(before) != channel_seal_context(after))
    return fail(ErrorCode::conflict,
                "{}: whoever changes where messages go has to enter the secrets again", where);
  return {};
}

Status check_around(Context& context, const NotifyChannel& channel) {
  DRAY_TRY(require_notify_client(context, channel.client));
  if (channel.fallback.empty()) return {};
  DRAY_TRY_ASSIGN(const NotifyChannel fallback,
                  usable_channel(context, channel.fallback, channel.client));
  DRAY_TRY_ASSIGN(const std::string user, context.notify.user_of_fallback(channel.name));
  if (!fallback.fallback.empty() || !user.empty())
    return fail(ErrorCode::invalid,
                "channel {}: fallback: a channel that others fall back to has none of its own",
                quoted(channel.name));
  if (!channel_kind(fallback.kind).mail || channel_kind(channel.kind).mail) return {};
  return fail(ErrorCode::invalid,
              "channel {}: fallback: a mail channel needs recipients, which only another mail "
              "channel has",
              quoted(channel.name));
}

}  // namespace

// ── Shared with verbs_notify_rules.cc ───────────────────────────────────────────────────────────

Status require_notify_client(Context& context, std::string_view client) {
  if (client.empty()) return {};
  DRAY_TRY_ASSIGN(const auto known, context.catalog.client(client));
  if (known) return {};
  return fail(ErrorCode::not_found, "there is no client {}", quoted(client));
}

Result<NotifyChannel> usable_channel(Context& context, std::string_view name,
                                     std::string_view client) {
  DRAY_TRY_ASSIGN(auto channel, context.notify.channel(name));
  if (!channel || (!channel->client.empty() && channel->client != client))
    return fail(ErrorCode::not_found, "there is no channel {}{}", quoted(name),
                client.empty() ? " of the operator"
                               : fmt::format(" of client {} or the operator", quoted(client)));
  return std::move(*channel);
}

void note_notify_change(Context& context, std::string_view what, std::string_view client) {
  context.events.emplace_back(
      scheduler::Noted{scheduler::event_kind::kNotifyChanged, std::string(client), "",
                       to_json(std::map<std::string, std::string>{{"what", std::string(what)}})});
}

bool is_own(const Context& context, std::string_view client) {
  return context.acting.client.empty() || context.acting.client == client;
}

// ── Channels ────────────────────────────────────────────────────────────────────────────────────

Result<std::string> notify_channel_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ClientArgs args, arguments<ClientArgs>(body));
  ChannelListAnswer answer;
  DRAY_TRY_ASSIGN(const auto rows, context.notify.channels(args.client));
  for (const NotifyChannel& row : rows) {
    answer.channels.push_back(without_box(row));
    // Clients may send through the operator's channels; how those work is not theirs to know.
    if (row.client != context.acting.client && !context.acting.client.empty())
      answer.channels.back().settings.clear();
  }
  return fitting_json(answer, answer.channels);
}

Result<std::string> notify_channel_put(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> name = body.find("name");
  if (!name || !name->text()) return fail(ErrorCode::invalid, "channel: name: is missing");
  DRAY_TRY_ASSIGN(const auto before, context.notify.channel(*name->text()));
  ChannelPut args{before.value_or(NotifyChannel{}), {}};
  DRAY_TRY(annotate(read_json(body, args, {.patch = before.has_value()}), "channel"));
  NotifyChannel& channel = args.channel;
  if (args.create.value_or(false) && before)
    return fail(ErrorCode::conflict, "there is a channel {} already", quoted(channel.name));
  if (!args.create.value_or(true) && (!before || !is_own(context, before->client)))
    return fail(ErrorCode::not_found, "there is no channel {}", quoted(channel.name));
  channel.updated_at = context.now.wall;
  DRAY_TRY(check_channel(channel));
  if (before) DRAY_TRY(check_change(*before, channel, body.find("sealed").has_value()));
  DRAY_TRY(check_around(context, channel));
  DRAY_TRY(check_reader_of(context, channel));
  DRAY_TRY(context.notify.put_channel(channel));
  context.target = channel.name;
  if (before) context.before.json = to_json(without_box(*before));
  context.after.json = to_json(without_box(channel));
  note_notify_change(context, "channel", channel.client);
  return to_json(ChannelAnswer{without_box(channel)});
}

Result<std::string> notify_channel_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NameArgs args, arguments<NameArgs>(body));
  DRAY_TRY_ASSIGN(const auto before, context.notify.channel(args.name));
  if (!before || !is_own(context, before->client))
    return fail(ErrorCode::not_found, "there is no channel {}", quoted(args.name));
  DRAY_TRY_ASSIGN(const std::string user, context.notify.user_of_channel(args.name));
  if (!user.empty())
    return fail(ErrorCode::conflict, "channel {} is used by {}; remove that first",
                quoted(args.name), user);
  DRAY_TRY(context.notify.remove_channel(args.name));
  context.target = args.name;
  context.before.json = to_json(without_box(*before));
  note_notify_change(context, "channel", before->client);
  return "{}";
}

// ── The notifier ────────────────────────────────────────────────────────────────────────────────

Result<std::string> notify_key(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  DRAY_TRY_ASSIGN(const std::string bytes, context.notify.public_key());
  if (bytes.empty())
    return fail(ErrorCode::unavailable,
                "no notifier has told its key yet; start dray-notifier and try again");
  const SealingKey key = to_sealing_key(bytes);
  return to_json(SealKeyAnswer{format_sealing_key(key), fingerprint(key)});
}

Result<std::string> notify_register(Context& context, const JsonValue& body) {
  DRAY_TRY(only_for_notifier(context));
  DRAY_TRY_ASSIGN(const RegisterArgs args, arguments<RegisterArgs>(body));
  DRAY_TRY_ASSIGN(const SealingKey key, annotate(parse_sealing_key(args.public_key), "public_key"));
  const std::string bytes(key.bytes.begin(), key.bytes.end());
  DRAY_TRY_ASSIGN(const std::string before, context.notify.public_key());
  if (bytes != before) DRAY_TRY(context.notify.put_public_key(bytes, context.now.wall));
  context.target = fingerprint(key);
  return "{}";
}

Result<std::string> notify_config(Context& context, const JsonValue& body) {
  DRAY_TRY(only_for_notifier(context));
  DRAY_TRY(arguments<NoArgs>(body));
  NotifyConfigAnswer answer;
  DRAY_TRY_ASSIGN(answer.channels, context.notify.channels(""));
  DRAY_TRY_ASSIGN(answer.rules, context.notify.rules("", ""));
  DRAY_TRY_ASSIGN(answer.templates, context.notify.templates());
  return to_json(answer);
}

Result<std::string> notify_mark(Context& context, const JsonValue& body) {
  DRAY_TRY(only_for_notifier(context));
  DRAY_TRY_ASSIGN(const NotifiedRuns args, arguments<NotifiedRuns>(body));
  for (const NotifiedRun& run : args.runs)
    DRAY_TRY(context.notify.mark(run));
  return "{}";
}

namespace {

Result<std::string> ask_notifier(Context& context, std::string_view kind, std::string body) {
  if (!context.around.notifier)
    return fail(ErrorCode::unavailable,
                "no notifier is connected; start dray-notifier and try again");
  WorkerQuery question;
  question.kind = kind;
  question.body = std::move(body);
  context.later = Relay{*context.around.notifier, std::move(question)};
  return "";
}

}  // namespace

Result<std::string> notify_deliveries(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(DeliveryQuery args, arguments<DeliveryQuery>(body));
  // Clients see what their own rules made, not to whom the operator's rules speak of them.
  args.owner = context.acting.client;
  return ask_notifier(context, "notify.deliveries", to_json(args));
}

Result<std::string> notify_preview(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const PreviewQuery args, arguments<PreviewQuery>(body));
  if (args.run) {
    DRAY_TRY_ASSIGN(const RunView run, require_run(context, args.run));
    if (!is_own(context, run.client)) return std::unexpected(no_run(args.run));
  }
  return ask_notifier(context, "notify.preview", to_json(args));
}

Result<std::string> notify_test(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const TestQuery args, arguments<TestQuery>(body));
  DRAY_TRY_ASSIGN(const auto channel, context.notify.channel(args.channel));
  if (!channel || !is_own(context, channel->client))
    return fail(ErrorCode::not_found, "there is no channel {}", quoted(args.channel));
  context.target = args.channel;
  context.after.json = to_json(args);
  return ask_notifier(context, "notify.test", to_json(args));
}

Result<std::string> notify_retry(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const RetryQuery args, arguments<RetryQuery>(body));
  if (args.ids.empty() == args.channel.empty())
    return fail(ErrorCode::invalid, "either ids or a channel say what is tried again");
  context.target =
      args.channel.empty() ? fmt::format("{}", fmt::join(args.ids, ", ")) : args.channel;
  context.after.json = to_json(args);
  return ask_notifier(context, "notify.retry", to_json(args));
}

}  // namespace dray::verbs
