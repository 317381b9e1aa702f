#include "schemas/notify_check.h"

#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/job_check.h"
#include "schemas/limits.h"
#include "schemas/notify_channels.h"
#include "schemas/notify_template.h"

namespace dray {
namespace {

constexpr size_t kMaxAddressBytes = 254;
constexpr size_t kMaxUrlBytes = 2000;
constexpr uint64_t kMinOverdueSeconds = 1;
constexpr uint64_t kMaxOverdueSeconds = 366ull * 24 * 3600;

Status check_setting_of(const ChannelKindRow& row, const std::string& name,
                        const std::string& value) {
  const ChannelField* field = find_channel_field(row, name);
  if (field == nullptr) {
    std::vector<std::string_view> names;
    for (const ChannelField& known : row.fields)
      names.push_back(known.name);
    return fail(ErrorCode::invalid, "{} is not a setting of a channel of kind {}; allowed: {}",
                quoted(name), to_string(row.kind), fmt::join(names, ", "));
  }
  if (field->secret)
    return fail(ErrorCode::invalid, "{} is a secret: it belongs into the sealed box", name);
  if (value.size() > limits::kMaxSettingBytes)
    return fail(ErrorCode::invalid, "{} is {} bytes long; allowed: {}", name, value.size(),
                limits::kMaxSettingBytes);
  return field->check == nullptr ? Status{} : annotate(field->check(value), name);
}

Status check_secrets(const ChannelKindRow& row, const NotifyChannel& channel) {
  if (channel.sealed.size() > kMaxSealedChannelBytes)
    return fail(ErrorCode::invalid, "the sealed secrets are {} bytes long; allowed: {}",
                channel.sealed.size(), kMaxSealedChannelBytes);
  if (channel.secrets.empty() != channel.sealed.empty())
    return fail(ErrorCode::invalid, "secrets and sealed belong together");
  for (const std::string& name : channel.secrets) {
    const ChannelField* field = find_channel_field(row, name);
    if (field == nullptr || !field->secret)
      return fail(ErrorCode::invalid, "{} is not a secret of a channel of kind {}", quoted(name),
                  to_string(row.kind));
  }
  return {};
}

Status check_required(const ChannelKindRow& row, const NotifyChannel& channel) {
  for (const ChannelField& field : row.fields) {
    if (!field.required) continue;
    const bool given = field.secret
                           ? std::ranges::find(channel.secrets, field.name) != channel.secrets.end()
                           : channel.settings.contains(std::string(field.name));
    if (!given) return fail(ErrorCode::invalid, "{} is missing: {}", field.name, field.help);
  }
  return {};
}

Status check_events(const NotifyRule& rule) {
  std::set<NotifyEvent> seen;
  for (const NotifyEvent event : rule.events) {
    if (!is_known(event) || !is_rule_event(event))
      return fail(ErrorCode::invalid, "events: {} cannot be chosen", to_string(event));
    if (!seen.insert(event).second)
      return fail(ErrorCode::invalid, "events: {} is there twice", to_string(event));
  }
  const bool overdue = seen.contains(NotifyEvent::overdue);
  if (overdue != (rule.must_succeed_every_seconds > 0))
    return fail(ErrorCode::invalid,
                "the event overdue and the time within which a run must succeed belong together");
  if (overdue && (rule.must_succeed_every_seconds < kMinOverdueSeconds ||
                  rule.must_succeed_every_seconds > kMaxOverdueSeconds))
    return fail(ErrorCode::invalid, "must_succeed_every_seconds: must be from {} to {}",
                kMinOverdueSeconds, kMaxOverdueSeconds);
  return {};
}

Status check_recipients(const NotifyRule& rule, const NotifyChannel& channel) {
  if (!channel_kind(channel.kind).mail) {
    if (rule.recipients.empty()) return {};
    return fail(ErrorCode::invalid, "recipients: a channel of kind {} takes none",
                to_string(channel.kind));
  }
  if (rule.recipients.empty())
    return fail(ErrorCode::invalid, "recipients: an address is needed for mail");
  if (rule.recipients.size() > kMaxRecipients)
    return fail(ErrorCode::invalid, "recipients: {} are too many; allowed: {}",
                rule.recipients.size(), kMaxRecipients);
  for (const std::string& address : rule.recipients)
    DRAY_TRY(annotate(check_mail_address(address), "recipients"));
  return {};
}

bool is_atom(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > ' ' && c < 127 &&
           std::string_view("()<>[]:;@\\,\"").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

}  // namespace

Status check_mail_address(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at != std::string_view::npos && address.size() <= kMaxAddressBytes &&
      is_atom(address.substr(0, at)) && is_atom(address.substr(at + 1)) && address.front() != '-')
    return {};
  return fail(ErrorCode::invalid, "{} is not a mail address; give it as name@host",
              quoted(address));
}

Status check_web_address(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://"))
    return fail(ErrorCode::invalid, "an address begins with https:// or http://");
  const std::string_view rest = url.substr(secure ? 8 : 7);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const bool plain = std::ranges::all_of(url, [](unsigned char c) { return c > ' ' && c < 127; });
  if (!plain || url.size() > kMaxUrlBytes || authority.empty())
    return fail(ErrorCode::invalid, "the address is too long or holds what an address cannot hold");
  if (authority.find('@') != std::string_view::npos)
    return fail(ErrorCode::invalid, "the address must not hold a login; enter it as a secret");
  return {};
}

Status check_channel(const NotifyChannel& channel) {
  DRAY_TRY(check_name("channel", channel.name));
  const std::string where = fmt::format("channel {}", quoted(channel.name));
  const ChannelKindRow& row = channel_kind(channel.kind);
  for (const auto& [name, value] : channel.settings)
    DRAY_TRY(annotate(check_setting_of(row, name, value), where));
  DRAY_TRY(annotate(check_secrets(row, channel), where));
  DRAY_TRY(annotate(check_required(row, channel), where));
  if (channel_setting(channel, "security") == "none" && channel.settings.contains("user"))
    return fail(ErrorCode::invalid, "{}: user: a login is never sent without encryption", where);
  if (channel.fallback == channel.name)
    return fail(ErrorCode::invalid, "{}: fallback: must be another channel", where);
  return {};
}

Status check_rule(const NotifyRule& rule, const NotifyChannel* channel) {
  if (!rule.job.empty() && rule.client.empty())
    return fail(ErrorCode::invalid, "rule: client: is missing beside job");
  DRAY_TRY(annotate(check_events(rule), "rule"));
  if (channel != nullptr) return annotate(check_recipients(rule, *channel), "rule");
  // A rule that says nothing keeps a job of a client quiet.
  if (rule.events.empty() && !rule.client.empty() && rule.recipients.empty()) return {};
  return fail(ErrorCode::invalid, "rule: channel: is missing");
}

Status check_template(const NotifyTemplate& row) {
  if (!row.event.empty()) {
    DRAY_TRY(annotate(parse_enum<NotifyEvent>(row.event), "template: event"));
  }
  if (row.text.empty() || row.text.size() > kMaxTemplateBytes)
    return fail(ErrorCode::invalid, "template: {} bytes; allowed: 1 to {}", row.text.size(),
                kMaxTemplateBytes);
  if (!is_valid_utf8(row.text)) return fail(ErrorCode::invalid, "template: the text is not UTF-8");
  if (row.part == TemplatePart::subject && row.text.find('\n') != std::string::npos)
    return fail(ErrorCode::invalid, "template: a subject is one line");
  if (const auto parsed = Template::parse(row.text); !parsed)
    return std::unexpected(annotate(parsed.error(), "template"));
  return {};
}

}  // namespace dray
