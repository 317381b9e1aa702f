#include "daemon/notifier/outgoing.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/digest.h"
#include "daemon/base/hmac.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/notifier/mail.h"
#include "daemon/notifier/notice.h"
#include "schemas/json_text.h"
#include "schemas/notify_channels.h"

namespace dray::notify {
namespace {

constexpr size_t kMaxChatBytes = 3000;          // Slack cuts longer texts
constexpr size_t kMaxPushBytes = 3500;          // ntfy makes an attachment of more than 4096
constexpr Duration kAlertLife = hours{24 * 3};  // Alertmanager resolves by itself after this

// How each event looks to services that know urgency.
struct LookRow {
  NotifyEvent event;
  std::string_view emoji;     // of Slack
  std::string_view tag;       // of ntfy
  std::string_view priority;  // of ntfy
  std::string_view ping;      // behind the address of healthchecks
  std::string_view severity;  // of alerts; "": none; "resolved": ends them
};
constexpr LookRow kLooks[] = {
    {NotifyEvent::success, ":white_check_mark:", "white_check_mark", "2", "", "resolved"},
    {NotifyEvent::warning, ":warning:", "warning", "3", "", "warning"},
    {NotifyEvent::failure, ":x:", "x", "4", "/fail", "critical"},
    {NotifyEvent::cancelled, ":no_entry:", "no_entry", "3", "/fail", "warning"},
    {NotifyEvent::missed, ":hourglass:", "hourglass", "4", "/fail", "warning"},
    {NotifyEvent::held, ":raised_hand:", "raised_hand", "4", "/log", "warning"},
    {NotifyEvent::overdue, ":alarm_clock:", "alarm_clock", "4", "/fail", "critical"},
    {NotifyEvent::fixed, ":white_check_mark:", "white_check_mark", "3", "", "resolved"},
    {NotifyEvent::started, ":arrow_forward:", "arrow_forward", "1", "/start", ""},
    {NotifyEvent::digest, ":card_index_dividers:", "card_index_dividers", "4", "/log", "warning"},
    {NotifyEvent::test, ":wave:", "wave", "3", "/log", "info"},
};

const LookRow& look_of(NotifyEvent event) {
  const auto found = std::ranges::find(kLooks, event, &LookRow::event);
  DRAY_CHECK(found != std::end(kLooks), "every event has a look");
  return *found;
}

struct Build {
  const NotifyChannel& channel;
  const Secrets& secrets;
  const Delivery& delivery;
  const OutgoingContext& context;

  std::string setting(std::string_view name) const { return channel_setting(channel, name); }
  SecretString secret(std::string_view name) const {
    const auto found = secrets.find(name);
    return found == secrets.end() ? SecretString() : SecretString(found->second.reveal());
  }
};

WebCall json_post(const Build& b, std::string_view url, std::string body) {
  WebCall web;
  web.url = SecretString(url);
  web.headers = {"Content-Type: application/json",
                 fmt::format("X-Dray-Delivery: {}", b.delivery.view.message_id)};
  web.body = std::move(body);
  return web;
}

// ── Mail ────────────────────────────────────────────────────────────────────────────────────────

struct SecurityRow {
  std::string_view name;
  MailSecurity security;
  uint16_t port;
};
constexpr SecurityRow kSecurities[] = {{"starttls", MailSecurity::starttls, 587},
                                       {"tls", MailSecurity::tls, 465},
                                       {"none", MailSecurity::none, 25}};

Result<std::variant<MailCall, WebCall>> mail(const Build& b) {
  MailCall call;
  const auto security = std::ranges::find(kSecurities, b.setting("security"), &SecurityRow::name);
  if (security == std::end(kSecurities))
    return fail(ErrorCode::corrupt, "channel {}: security is not known", b.channel.name);
  call.security = security->security;
  call.port = security->port;
  const std::string port = b.setting("port");
  if (!port.empty()) std::from_chars(port.data(), port.data() + port.size(), call.port);
  call.host = b.setting("host");
  call.hello = b.context.host;
  call.user = b.setting("user");
  call.password = b.secret("password");
  call.from = b.setting("from");
  call.to = b.delivery.view.recipient;
  Mail mail;
  mail.from = call.from;
  mail.to = call.to;
  mail.subject = b.delivery.view.subject;
  mail.message_id = b.delivery.view.message_id;
  if (!b.delivery.view.job.empty())
    mail.thread = fmt::format("job.{}@{}", b.delivery.view.job, b.context.host);
  mail.date = b.delivery.view.created_at;  // a repeated mail is the same mail
  mail.text = b.delivery.text;
  mail.html = b.delivery.html;
  call.message = compose(mail);
  return call;
}

// ── The web ─────────────────────────────────────────────────────────────────────────────────────

Result<std::variant<MailCall, WebCall>> webhook(const Build& b) {
  WebCall web = json_post(b, b.setting("url"), b.delivery.payload);
  web.headers.push_back(fmt::format("X-Dray-Event: {}", to_string(b.delivery.view.event)));
  web.headers.push_back(
      fmt::format("X-Dray-Signature: {}",
                  webhook_signature(b.secret("secret").reveal(), web.body, b.context.now)));
  web.authorization = b.secret("authorization");
  return web;
}

Result<std::variant<MailCall, WebCall>> slack(const Build& b) {
  // Their own markup, in which three characters have to be escaped.
  std::string text;
  for (const char c : shorten(b.delivery.text, kMaxChatBytes))
    text += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  JsonWriter json;
  json.begin_object();
  json.key("text");
  json.text(fmt::format("{} {}", look_of(b.delivery.view.event).emoji, text));
  json.end_object();
  return json_post(b, b.secret("url").reveal(), json.take());
}

Result<std::variant<MailCall, WebCall>> ntfy(const Build& b) {
  const LookRow& look = look_of(b.delivery.view.event);
  WebCall web;
  web.url = SecretString(b.setting("url"));
  // Header values are Latin-1 to HTTP; ntfy reads encoded words.
  std::string title = encode_header(b.delivery.view.subject);
  std::erase(title, '\r');
  std::erase(title, '\n');
  web.headers = {fmt::format("Title: {}", title), fmt::format("Priority: {}", look.priority),
                 fmt::format("Tags: {}", look.tag), "Content-Type: text/plain; charset=utf-8"};
  if (const SecretString token = b.secret("token"); !token.empty()) {
    std::string value = fmt::format("Bearer {}", token.reveal());
    web.authorization = SecretString::take(value);
  }
  web.body = shorten(b.delivery.text, kMaxPushBytes);
  return web;
}

Result<std::variant<MailCall, WebCall>> healthchecks(const Build& b) {
  const SecretString secret = b.secret("url");
  std::string url(secret.reveal());
  while (url.ends_with('/'))
    url.pop_back();
  url += look_of(b.delivery.view.event).ping;
  WebCall web;
  web.url = SecretString::take(url);
  web.headers = {"Content-Type: text/plain; charset=utf-8"};
  web.body = b.delivery.text;
  return web;
}

void write_member(JsonWriter& json, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  json.key(name);
  json.text(value);
}

Result<std::variant<MailCall, WebCall>> alertmanager(const Build& b) {
  DRAY_TRY_ASSIGN(const Notice notice,
                  from_json<Notice>(b.delivery.payload, JsonReadOptions{.unknown_keys = true}));
  const std::string_view severity = look_of(notice.event).severity;
  const bool resolved = severity == "resolved";
  JsonWriter json;
  json.begin_array();
  // Every severity of the job is an alert of its own; a good run ends them all.
  for (const std::string_view level : {"critical", "warning", "info"}) {
    if (!resolved && level != severity) continue;
    json.begin_object();
    json.key("labels");
    json.begin_object();
    write_member(json, "alertname", "DrayBackup");
    write_member(json, "severity", level);
    write_member(json, "client", notice.client);
    write_member(json, "job", notice.job);
    json.end_object();
    json.key("annotations");
    json.begin_object();
    write_member(json, "summary", notice.headline);
    write_member(json, "description", notice.hint.empty() ? notice.reason : notice.hint);
    json.end_object();
    write_member(json, "startsAt", format_rfc3339(notice.at));
    const WallTime end =
        resolved ? notice.at : notice.at + std::chrono::duration_cast<microseconds>(kAlertLife);
    write_member(json, "endsAt", format_rfc3339(end));
    write_member(json, "generatorURL", notice.link);
    json.end_object();
  }
  json.end_array();
  std::string url = b.setting("url");
  while (url.ends_with('/'))
    url.pop_back();
  WebCall web = json_post(b, url + "/api/v2/alerts", json.take());
  web.authorization = b.secret("authorization");
  return web;
}

struct BuilderRow {
  ChannelKind kind;
  Result<std::variant<MailCall, WebCall>> (*build)(const Build&);
};
constexpr BuilderRow kBuilders[] = {
    {ChannelKind::smtp, mail},
    {ChannelKind::webhook, webhook},
    {ChannelKind::slack, slack},
    {ChannelKind::ntfy, ntfy},
    {ChannelKind::healthchecks, healthchecks},
    {ChannelKind::alertmanager, alertmanager},
};

}  // namespace

Result<Secrets> open_secrets(const SealingKeyPair& key, const NotifyChannel& channel) {
  Secrets secrets;
  if (channel.sealed.empty()) return secrets;
  const auto again = [&](std::string_view why) {
    return fail(ErrorCode::corrupt,
                "channel {}: its secrets cannot be read ({}); enter them again "
                "with `dray notify set-channel {}`",
                quoted(channel.name), why, channel.name);
  };
  const Result<SecretString> opened =
      open_sealed(key, channel_seal_context(channel), channel.sealed);
  if (!opened) return again("they were sealed to another key or for another place");
  const auto document = JsonDocument::parse(opened->reveal());
  if (!document || !document->root().is_object()) return again("they are damaged");
  for (const std::string_view name : document->root().keys()) {
    const std::optional<std::string_view> value = document->root().find(name)->text();
    if (!value) return again("they are damaged");
    secrets.emplace(std::string(name), SecretString(*value));
  }
  return secrets;
}

Result<Call> build_call(const NotifyChannel& channel, const Secrets& secrets,
                        const Delivery& delivery, const OutgoingContext& context) {
  const auto row = std::ranges::find(kBuilders, channel.kind, &BuilderRow::kind);
  DRAY_CHECK(row != std::end(kBuilders), "every kind of channel has a builder");
  Call call;
  call.id = delivery.view.id;
  DRAY_TRY_ASSIGN(call.what, row->build({channel, secrets, delivery, context}));
  if (const auto timeout = parse_duration(channel_setting(channel, "timeout")))
    call.timeout = *timeout;
  call.authority = channel_setting(channel, "ca");
  return call;
}

std::string webhook_signature(std::string_view secret, std::string_view body, WallTime now) {
  const int64_t at = to_unix_us(now) / 1'000'000;
  return fmt::format("t={},v1={}", at, to_hex(hmac_sha256(secret, fmt::format("{}.{}", at, body))));
}

}  // namespace dray::notify
