#include "schemas/notify_channels.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/notify_check.h"

namespace dray {
namespace {

constexpr size_t kMaxHostBytes = 253;
constexpr std::chrono::seconds kMaxTimeout{300};

Status check_host(std::string_view host) {
  const bool good = !host.empty() && host.size() <= kMaxHostBytes &&
                    std::ranges::all_of(host, [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '_';
                    });
  if (good && host.front() != '-') return {};
  return fail(ErrorCode::invalid, "{} is not a host; give a name or an address, the port apart",
              quoted(host));
}

Status check_port(std::string_view port) {
  unsigned number = 0;
  const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
  if (end.ec == std::errc() && end.ptr == port.data() + port.size() && number > 0 &&
      number <= 65535)
    return {};
  return fail(ErrorCode::invalid, "{} is not a port; allowed: 1 to 65535", quoted(port));
}

Status check_security(std::string_view word) {
  if (word == "starttls" || word == "tls" || word == "none") return {};
  return fail(ErrorCode::invalid, "{} is not one of starttls, tls, none", quoted(word));
}

Status check_timeout(std::string_view text) {
  DRAY_TRY_ASSIGN(const Duration timeout, parse_duration(text));
  if (timeout >= seconds{1} && timeout <= kMaxTimeout) return {};
  return fail(ErrorCode::invalid, "must be between 1s and {}", format_duration(kMaxTimeout));
}

Status check_line(std::string_view text) {
  if (is_plain_text(text)) return {};
  return fail(ErrorCode::invalid, "holds a control character");
}

Status check_pem(std::string_view text) {
  if (text.starts_with("-----BEGIN CERTIFICATE-----")) return {};
  return fail(ErrorCode::invalid,
              "is no certificate in PEM form; it begins with "
              "-----BEGIN CERTIFICATE-----");
}

constexpr ChannelField kTimeout{.name = "timeout",
                                .help = "longest wait for the other side",
                                .otherwise = "60s",
                                .check = check_timeout};
constexpr ChannelField kAuthority{.name = "ca",
                                  .help =
                                      "certificate in PEM form that the other side's is signed "
                                      "with, instead of those of the system",
                                  .check = check_pem};
constexpr ChannelField kAuthorization{
    .name = "authorization",
    .help = "value of the Authorization header, like \"Bearer ...\"",
    .secret = true,
    .check = check_line};

constexpr ChannelField kSmtp[] = {
    {.name = "host", .help = "mail server", .required = true, .place = true, .check = check_host},
    {.name = "port",
     .help = "587 with starttls, 465 with tls, 25 with none, if not given",
     .place = true,
     .check = check_port},
    {.name = "security",
     .help = "starttls, tls, or none for a server on this machine",
     .place = true,
     .otherwise = "starttls",
     .check = check_security},
    {.name = "from", .help = "sender's address", .required = true, .check = check_mail_address},
    {.name = "user", .help = "login; without one none is tried", .check = check_line},
    {.name = "password", .help = "of the login", .secret = true, .check = check_line},
    kTimeout,
    kAuthority,
};

constexpr ChannelField kWebhook[] = {
    {.name = "url",
     .help = "takes a POST of JSON",
     .required = true,
     .place = true,
     .check = check_web_address},
    {.name = "secret",
     .help = "key that messages are signed with (HMAC-SHA-256)",
     .required = true,
     .secret = true,
     .check = check_line},
    kAuthorization,
    kTimeout,
    kAuthority,
};

constexpr ChannelField kSlack[] = {
    {.name = "url",
     .help = "incoming webhook of Slack or Mattermost",
     .required = true,
     .secret = true,
     .check = check_web_address},
    kTimeout,
    kAuthority,
};

constexpr ChannelField kNtfy[] = {
    {.name = "url",
     .help = "server with topic, like https://ntfy.sh/my-topic",
     .required = true,
     .place = true,
     .check = check_web_address},
    {.name = "token", .help = "access token", .secret = true, .check = check_line},
    kTimeout,
    kAuthority,
};

constexpr ChannelField kHealthchecks[] = {
    {.name = "url",
     .help = "ping address of the check; /start and /fail are put behind it",
     .required = true,
     .secret = true,
     .check = check_web_address},
    kTimeout,
    kAuthority,
};

constexpr ChannelField kAlertmanager[] = {
    {.name = "url",
     .help = "of the Alertmanager, without /api/v2/alerts",
     .required = true,
     .place = true,
     .check = check_web_address},
    kAuthorization,
    kTimeout,
    kAuthority,
};

constexpr ChannelKindRow kKinds[] = {
    {ChannelKind::smtp, "Mail", true, true, kSmtp},
    {ChannelKind::webhook, "Signed JSON to a program of yours", false, false, kWebhook},
    {ChannelKind::slack, "Slack or Mattermost", false, true, kSlack},
    {ChannelKind::ntfy, "Push messages through ntfy", false, true, kNtfy},
    {ChannelKind::healthchecks, "Pings of a dead man's switch, as healthchecks.io takes them",
     false, false, kHealthchecks},
    {ChannelKind::alertmanager, "Alerts to Prometheus Alertmanager", false, false, kAlertmanager},
};

}  // namespace

std::span<const ChannelKindRow> channel_kinds() {
  return kKinds;
}

const ChannelKindRow& channel_kind(ChannelKind kind) {
  const auto found = std::ranges::find(kKinds, kind, &ChannelKindRow::kind);
  DRAY_CHECK(found != std::end(kKinds), "every kind of channel has a row");
  return *found;
}

const ChannelField* find_channel_field(const ChannelKindRow& row, std::string_view name) {
  const auto found = std::ranges::find(row.fields, name, &ChannelField::name);
  return found == row.fields.end() ? nullptr : &*found;
}

std::string channel_setting(const NotifyChannel& channel, std::string_view name) {
  const auto given = channel.settings.find(std::string(name));
  if (given != channel.settings.end()) return given->second;
  const ChannelField* field = find_channel_field(channel_kind(channel.kind), name);
  return field == nullptr ? "" : std::string(field->otherwise);
}

std::string channel_seal_context(const NotifyChannel& channel) {
  std::string context = fmt::format("notify/{}/{}", channel.name, to_string(channel.kind));
  for (const ChannelField& field : channel_kind(channel.kind).fields)
    if (field.place) context += fmt::format("/{}", channel_setting(channel, field.name));
  return context;
}

}  // namespace dray
