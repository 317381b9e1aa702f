// Who is told what, and through which channel: what operators enter (`dray notify`), what the
// scheduler stores, what the notifier acts on. Pure data; notify_check.h says what is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"
#include "daemon/base/time.h"

namespace dray {

// What can be told. Database values: append only, never renumber.
enum class NotifyEvent : uint8_t {
  success = 1,
  warning = 2,
  failure = 3,  // after the last attempt
  cancelled = 4,
  missed = 5,
  held = 6,
  overdue = 7,  // no good run for as long as the rule says
  fixed = 8,    // good again after failures or after being overdue
  started = 9,
  digest = 20,  // several in one message; not chosen by rules
  test = 21,    // asked for by a person
};

template <>
struct EnumNames<NotifyEvent> {
  static constexpr std::string_view kWhat = "notification event";
  static constexpr EnumRow<NotifyEvent> kRows[] = {
      {NotifyEvent::success, "success"}, {NotifyEvent::warning, "warning"},
      {NotifyEvent::failure, "failure"}, {NotifyEvent::cancelled, "cancelled"},
      {NotifyEvent::missed, "missed"},   {NotifyEvent::held, "held"},
      {NotifyEvent::overdue, "overdue"}, {NotifyEvent::fixed, "fixed"},
      {NotifyEvent::started, "started"}, {NotifyEvent::digest, "digest"},
      {NotifyEvent::test, "test"},
  };
};

constexpr bool is_rule_event(NotifyEvent event) {
  return event < NotifyEvent::digest;
}

enum class ChannelKind : uint8_t {
  smtp = 1,
  webhook = 2,
  slack = 3,  // and Mattermost, which takes the same
  ntfy = 4,
  healthchecks = 5,
  alertmanager = 6,
};

template <>
struct EnumNames<ChannelKind> {
  static constexpr std::string_view kWhat = "channel kind";
  static constexpr EnumRow<ChannelKind> kRows[] = {
      {ChannelKind::smtp, "smtp"},
      {ChannelKind::webhook, "webhook"},
      {ChannelKind::slack, "slack"},
      {ChannelKind::ntfy, "ntfy"},
      {ChannelKind::healthchecks, "healthchecks"},
      {ChannelKind::alertmanager, "alertmanager"},
  };
};

// A way out. Its secrets are a box that only the notifier can open: a JSON object of texts, sealed
// in the context channel_seal_context() names.
struct NotifyChannel {
  std::string name;    // unique
  std::string client;  // whose rules may use it; "": the operator's, everybody's may
  ChannelKind kind = ChannelKind::smtp;
  std::map<std::string, std::string> settings;  // by the fields of notify_channels.h
  std::vector<std::string> secrets;             // names of those in the box
  std::string sealed;                           // raw; empty: no secrets
  std::string sealed_for;                       // fingerprint of the notifier's key
  uint32_t max_per_hour = 60;                   // messages; 0: no cap
  uint32_t digest_after = 10;  // messages in ten minutes, then one digest; 0: never
  std::string fallback;        // channel that is told what this one could not deliver; "": none
  WallTime updated_at{};

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
    visit("kind", self.kind);
    visit.optional("settings", self.settings);
    visit.optional("secrets", self.secrets);
    visit.optional("sealed", self.sealed);
    visit.optional("sealed_for", self.sealed_for);
    visit.optional("max_per_hour", self.max_per_hour);
    visit.optional("digest_after", self.digest_after);
    visit.optional("fallback", self.fallback);
    visit.optional("updated_at", self.updated_at);
  }
};

// Which events of which jobs go where. The operator's rules always hold; of a client's own rules
// those of the job hold, where there are any, and otherwise those for all its jobs.
struct NotifyRule {
  uint64_t id = 0;
  std::string client;               // "": the operator's, for all clients
  std::string job;                  // "": all jobs of the client
  std::vector<NotifyEvent> events;  // none: these jobs are told of nowhere
  std::string channel;
  std::vector<std::string> recipients;      // mail addresses of an smtp channel
  uint64_t must_succeed_every_seconds = 0;  // when `overdue` is told
  bool only_changes = false;                // of a row of failures only the first
  WallTime updated_at{};

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("id", self.id);
    visit.optional("client", self.client);
    visit.optional("job", self.job);
    visit("events", self.events);
    visit.optional("channel", self.channel);
    visit.optional("recipients", self.recipients);
    visit.optional("must_succeed_every_seconds", self.must_succeed_every_seconds);
    visit.optional("only_changes", self.only_changes);
    visit.optional("updated_at", self.updated_at);
  }
};

enum class TemplatePart : uint8_t { subject = 1, text = 2, html = 3 };

template <>
struct EnumNames<TemplatePart> {
  static constexpr std::string_view kWhat = "part of a template";
  static constexpr EnumRow<TemplatePart> kRows[] = {{TemplatePart::subject, "subject"},
                                                    {TemplatePart::text, "text"},
                                                    {TemplatePart::html, "html"}};
};

// Replaces one part of what is built in. Looked for in this order: client and event, client,
// operator and event, operator.
struct NotifyTemplate {
  std::string client;  // "": the operator's
  std::string event;   // name of a NotifyEvent; "": all but digest
  TemplatePart part = TemplatePart::text;
  std::string text;
  WallTime updated_at{};

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("event", self.event);
    visit("part", self.part);
    visit("text", self.text);
    visit.optional("updated_at", self.updated_at);
  }
};

}  // namespace dray
