// dray notify: channels.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "ops/cmd_notify.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/remote_form.h"
#include "ops/views.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_channels.h"
#include "schemas/notify_check.h"
#include "schemas/notify_entry.h"

namespace dray::ops {
namespace {

Result<Exit> channels(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("--client")) body["client"] = args.text("--client");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.channel.list", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const ChannelListAnswer answer,
                  read_answer<ChannelListAnswer>("notify.channel.list", text));
  if (answer.channels.empty()) {
    context.out.line("No channels yet. `dray notify kinds` says what there is.");
    return Exit::ok;
  }
  Table table({{.title = "CHANNEL", .shrink = 1},
               {.title = "KIND", .shrink = 0},
               {.title = "CLIENT", .shrink = 2},
               {.title = "WHERE", .shrink = 3},
               {.title = "SECRETS", .shrink = 2},
               {.title = "FALLBACK", .shrink = 2}});
  for (const NotifyChannel& c : answer.channels) {
    std::string where = channel_setting(c, "url");
    if (where.empty()) where = channel_setting(c, "host");
    table.row({c.name, std::string(to_string(c.kind)), c.client, where,
               fmt::format("{}", fmt::join(c.secrets, ", ")), c.fallback});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> kinds(Context& context, const Args& args) {
  if (!args.has("KIND")) {
    Table table({{.title = "KIND", .shrink = 0}, {.title = "WHAT"}});
    for (const ChannelKindRow& row : channel_kinds())
      table.row({std::string(to_string(row.kind)), std::string(row.title)});
    context.out.write(table.text(context.out.width(), context.out.colour()));
    context.out.line("`dray notify kinds KIND` says what one takes.");
    return Exit::ok;
  }
  DRAY_TRY_ASSIGN(const ChannelKind kind, parse_enum<ChannelKind>(args.text("KIND")));
  Table table({{.title = "FIELD", .shrink = 0}, {.title = "", .shrink = 0}, {.title = "WHAT"}});
  for (const ChannelField& field : channel_kind(kind).fields) {
    const std::string_view need = field.required && field.secret ? "needed, secret"
                                  : field.required               ? "needed"
                                  : field.secret                 ? "secret"
                                                                 : "";
    table.row({std::string(field.name), std::string(need),
               fmt::format(
                   "{}{}", field.help,
                   field.otherwise.empty() ? "" : fmt::format(" (default: {})", field.otherwise))});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

// ── Entering ────────────────────────────────────────────────────────────────────────────────────

// Where a person is at both ends, what is missing is asked for.
Status ask_missing(Context& context, const ChannelKindRow& row, ChannelEntry& entered) {
  for (const ChannelField& field : row.fields) {
    std::map<std::string, std::string>& into = field.secret ? entered.secrets : entered.settings;
    const std::string name(field.name);
    if (!field.required || into.contains(name)) continue;
    if (context.json || !context.out.can_ask())
      return fail(ErrorCode::invalid, "{} is missing: {}{}", name, field.help,
                  field.secret ? fmt::format(" (--prompt {0} or --secret {0}=FILE)", name) : "");
    const std::string prompt = fmt::format("{} ({}): ", name, field.help);
    DRAY_TRY_ASSIGN(std::string value, field.secret ? context.out.read_secret(prompt)
                                                    : context.out.read_answer(prompt));
    if (field.check != nullptr) DRAY_TRY(annotate(field.check(value), name));
    into[name] = std::move(value);
  }
  return {};
}

Status seal_secrets(Context& context, NotifyChannel& channel, ChannelEntry& entered) {
  if (entered.secrets.empty()) return {};
  DRAY_TRY_ASSIGN(const SealKeyAnswer answer, context.ask_as<SealKeyAnswer>("notify.key"));
  DRAY_TRY_ASSIGN(const SealingKey key,
                  annotate(parse_sealing_key(answer.public_key), "the notifier's key"));
  return seal_channel_secrets(key, channel, entered.secrets);
}

Status take_limits(const Args& args, NotifyChannel& channel) {
  DRAY_TRY_ASSIGN(const int64_t per_hour,
                  args.number("--max-per-hour", channel.max_per_hour, 0, 100'000));
  DRAY_TRY_ASSIGN(const int64_t digest,
                  args.number("--digest-after", channel.digest_after, 0, 100'000));
  channel.max_per_hour = static_cast<uint32_t>(per_hour);
  channel.digest_after = static_cast<uint32_t>(digest);
  if (args.has("--fallback")) channel.fallback = args.text("--fallback");
  return {};
}

Result<Exit> put(Context& context, const NotifyChannel& channel, std::string_view done) {
  DRAY_TRY_ASSIGN(Json body, parse_json(to_json(channel)));
  body.erase("updated_at");
  if (channel.sealed.empty()) body.erase("sealed");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.channel.put", body));
  if (context.printed_json(text)) return Exit::ok;
  context.out.line(fmt::format("channel {} {}", clean_name(channel.name), done));
  return Exit::ok;
}

Result<std::optional<NotifyChannel>> find(Context& context, const std::string& name) {
  DRAY_TRY_ASSIGN(const ChannelListAnswer known,
                  context.ask_as<ChannelListAnswer>("notify.channel.list"));
  for (const NotifyChannel& channel : known.channels)
    if (channel.name == name) return channel;
  return std::nullopt;
}

Result<Exit> add_channel(Context& context, const Args& args) {
  NotifyChannel channel;
  channel.name = args.text("NAME");
  channel.client = args.text("--client");
  DRAY_TRY_ASSIGN(channel.kind, parse_enum<ChannelKind>(args.text("KIND")));
  DRAY_TRY_ASSIGN(const auto known, find(context, channel.name));
  if (known)
    return fail(ErrorCode::conflict,
                "there is a channel {0} already; `dray notify set-channel {0}` changes it",
                channel.name);
  const ChannelKindRow& row = channel_kind(channel.kind);
  DRAY_TRY_ASSIGN(RemoteSettings values, entered_settings(context, args));
  DRAY_TRY_ASSIGN(ChannelEntry entered, sort_channel_entry(row, std::move(values)));
  DRAY_TRY(ask_missing(context, row, entered));
  channel.settings = std::move(entered.settings);
  DRAY_TRY(take_limits(args, channel));
  DRAY_TRY(seal_secrets(context, channel, entered));
  DRAY_TRY(check_channel(channel));
  return put(context, channel, "added; `dray notify test` tries it");
}

Result<Exit> set_channel(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(auto known, find(context, args.text("NAME")));
  if (!known)
    return fail(ErrorCode::not_found, "there is no channel {}", dray::quoted(args.text("NAME")));
  NotifyChannel channel = std::move(*known);
  DRAY_TRY_ASSIGN(RemoteSettings values, entered_settings(context, args));
  DRAY_TRY_ASSIGN(ChannelEntry entered,
                  sort_channel_entry(channel_kind(channel.kind), std::move(values)));
  for (auto& [name, value] : entered.settings)
    channel.settings[name] = std::move(value);
  for (const std::string& name : args.all("--unset"))
    channel.settings.erase(name);
  DRAY_TRY(take_limits(args, channel));
  DRAY_TRY(seal_secrets(context, channel, entered));
  return put(context, channel, "changed");
}

Result<Exit> remove_channel(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("notify.channel.remove", {{"name", args.text("NAME")}}));
  if (!context.printed_json(text))
    context.out.line(fmt::format("channel {} removed", clean_name(args.text("NAME"))));
  return Exit::ok;
}

Result<Exit> test(Context& context, const Args& args) {
  Json body{{"channel", args.text("CHANNEL")}};
  if (args.has("--to")) body["recipient"] = args.text("--to");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.test", body));
  DRAY_TRY_ASSIGN(const TestAnswer answer, read_answer<TestAnswer>("notify.test", text));
  const Exit exit = answer.ok ? Exit::ok : Exit::failed;
  if (context.printed_json(text)) return exit;
  const std::string name = clean_name(args.text("CHANNEL"));
  if (answer.ok)
    context.out.line(fmt::format("channel {} took the test message in {}", name,
                                 human_duration(milliseconds{answer.duration_ms})));
  else
    context.out.error_line(
        fmt::format("dray: channel {} does not work: {}", name, clean_name(answer.error)));
  return exit;
}

const OptionSpec kName{"NAME", "", "of the channel", Use::required};
const OptionSpec kSetting{
    "SETTING", "", "settings as key=value; key=@FILE reads the value from a file", Use::repeated};
const OptionSpec kSecret{"--secret", "FIELD[=FILE]",
                         "take this value from standard input, or from a file", Use::repeated};
const OptionSpec kPrompt{"--prompt", "KEY", "ask for this value on the terminal", Use::repeated};
const OptionSpec kPerHour{"--max-per-hour", "N", "messages; more wait or are gathered; 0: no cap"};
const OptionSpec kDigest{"--digest-after", "N",
                         "so many to one recipient in ten minutes, then one digest; 0: never"};
const OptionSpec kFallback{"--fallback", "CHANNEL", "is told what this one could not deliver"};

}  // namespace

std::vector<Command> notify_channel_commands() {
  return {
      {"notify channels",
       "List the channels through which people are told.",
       {{"--client",
         "NAME",
         "those that this client's rules may use",
         Use::optional,
         {},
         "client"}},
       "dray notify channels",
       channels},
      {"notify kinds",
       "List the kinds of channels, or what one of them takes.",
       {{"KIND", "", "smtp, webhook, slack ...", Use::optional}},
       "dray notify kinds\ndray notify kinds smtp",
       kinds},
      {"notify add-channel",
       "Make a channel. On a terminal, what its kind needs is asked for.",
       {kName,
        {"KIND", "", "smtp, webhook, slack, ntfy, healthchecks or alertmanager", Use::required},
        kSetting,
        kSecret,
        kPrompt,
        {"--client",
         "NAME",
         "only for rules of this client (default: for all)",
         Use::optional,
         {},
         "client"},
        kPerHour,
        kDigest,
        kFallback},
       "dray notify add-channel mail smtp host=mail.example.org from=backup@example.org "
       "user=backup "
       "--prompt password\n"
       "dray notify add-channel chat slack --prompt url",
       add_channel,
       "Secrets are sealed to the notifier's public key before they leave this program: neither "
       "drayd nor its database nor this command can read them back."},
      {"notify set-channel",
       "Change settings of a channel; the others stay as they are.",
       {kName,
        kSetting,
        {"--unset", "KEY", "remove this setting", Use::repeated},
        kSecret,
        kPrompt,
        kPerHour,
        kDigest,
        kFallback},
       "dray notify set-channel mail --max-per-hour 20",
       set_channel,
       "Whoever changes where messages go has to enter the secrets again."},
      {"notify remove-channel",
       "Remove a channel that no rule uses.",
       {kName},
       "dray notify remove-channel chat",
       remove_channel},
      {"notify test",
       "Send a test message through a channel now.",
       {{"CHANNEL", "", "to test", Use::required},
        {"--to", "ADDRESS", "of the recipient, for mail"}},
       "dray notify test mail --to me@example.org",
       test},
  };
}

}  // namespace dray::ops
