// What the verbs about notifications take and answer (see answers.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/ids.h"
#include "schemas/json_fields.h"
#include "schemas/notify.h"

namespace dray {

struct ChannelListAnswer {  // without what is sealed
  std::vector<NotifyChannel> channels;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channels", self.channels);
  }
};

// notify.channel.put: of a channel that is there only the fields to change.
struct ChannelPut {
  NotifyChannel channel;
  std::optional<bool> create;  // fails if it exists or not
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    NotifyChannel::fields(self.channel, visit);
    visit.optional("create", self.create);
  }
};
template <>
struct JsonForms<ChannelPut> : JsonForms<NotifyChannel> {};

struct ChannelAnswer {
  NotifyChannel channel;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channel", self.channel);
  }
};

struct RuleListAnswer {
  std::vector<NotifyRule> rules;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("rules", self.rules);
  }
};

struct RuleAnswer {
  NotifyRule rule;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("rule", self.rule);
  }
};

struct TemplateListAnswer {
  std::vector<NotifyTemplate> templates;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("templates", self.templates);
  }
};

// notify.config: everything that the notifier acts on, with what is sealed to it.
struct NotifyConfigAnswer {
  std::vector<NotifyChannel> channels;
  std::vector<NotifyRule> rules;
  std::vector<NotifyTemplate> templates;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channels", self.channels);
    visit("rules", self.rules);
    visit("templates", self.templates);
  }
};

// notify.mark: people have been told of the ends of these runs.
struct NotifiedRun {
  RunId run;
  WallTime at{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("at", self.at);
  }
};
struct NotifiedRuns {
  std::vector<NotifiedRun> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
  }
};

// ── Answered by the notifier ────────────────────────────────────────────────────────────────────

// Database values: append only.
enum class DeliveryState : uint8_t {
  waiting = 1,  // for its turn or its next attempt
  sending = 2,  // handed over; what became of it is not known yet
  delivered = 3,
  failed = 4,     // given up; `dray notify retry` tries again
  collected = 5,  // waits for the digest
  folded = 6,     // part of a digest
};

template <>
struct EnumNames<DeliveryState> {
  static constexpr std::string_view kWhat = "delivery state";
  static constexpr EnumRow<DeliveryState> kRows[] = {
      {DeliveryState::waiting, "waiting"},     {DeliveryState::sending, "sending"},
      {DeliveryState::delivered, "delivered"}, {DeliveryState::failed, "failed"},
      {DeliveryState::collected, "collected"}, {DeliveryState::folded, "folded"}};
};

struct DeliveryView {
  uint64_t id = 0;
  NotifyEvent event = NotifyEvent::test;
  DeliveryState state = DeliveryState::waiting;
  std::string client;
  std::string job;
  RunId run;  // 0: about none
  uint64_t rule = 0;
  std::string channel;
  std::string recipient;
  std::string subject;
  std::string message_id;
  uint32_t attempts = 0;
  std::string last_error;
  uint64_t digest = 0;  // the delivery that this one became part of
  WallTime created_at{};
  WallTime next_at{};  // of the next attempt
  WallTime ended_at{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("event", self.event);
    visit("state", self.state);
    visit("client", self.client);
    visit("job", self.job);
    visit("run", self.run);
    visit("rule", self.rule);
    visit("channel", self.channel);
    visit("recipient", self.recipient);
    visit("subject", self.subject);
    visit("message_id", self.message_id);
    visit("attempts", self.attempts);
    visit("last_error", self.last_error);
    visit("digest", self.digest);
    visit("created_at", self.created_at);
    visit("next_at", self.next_at);
    visit("ended_at", self.ended_at);
  }
};

struct DeliveryListAnswer {  // newest first; `before` = the smallest id asks for the next page
  std::vector<DeliveryView> deliveries;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("deliveries", self.deliveries);
  }
};

struct DeliveryQuery {
  std::string state;
  std::string client;
  std::string job;
  std::string channel;
  RunId run;
  uint64_t before = 0;
  uint64_t limit = 50;
  std::string owner;  // set by the scheduler: only what rules of this client made
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("state", self.state);
    visit.optional("client", self.client);
    visit.optional("job", self.job);
    visit.optional("channel", self.channel);
    visit.optional("run", self.run);
    visit.optional("before", self.before);
    visit.optional("limit", self.limit);
    visit.optional("owner", self.owner);
  }
};

struct RetryQuery {
  std::vector<uint64_t> ids;
  std::string channel;  // all of it that failed, instead of ids
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("ids", self.ids);
    visit.optional("channel", self.channel);
  }
};
struct RetryAnswer {
  uint64_t retried = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("retried", self.retried);
  }
};

struct TestQuery {
  std::string channel;
  std::string recipient;  // of an smtp channel
  std::string client;     // of whoever asks
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channel", self.channel);
    visit.optional("recipient", self.recipient);
    visit.optional("client", self.client);
  }
};
struct TestAnswer {
  bool ok = false;
  std::string error;
  uint64_t duration_ms = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("ok", self.ok);
    visit("error", self.error);
    visit("duration_ms", self.duration_ms);
  }
};

struct PreviewQuery {
  std::string event;  // "": that of the run, or failure
  std::string client;
  RunId run;  // 0: a made-up one
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("event", self.event);
    visit.optional("client", self.client);
    visit.optional("run", self.run);
  }
};
struct PreviewAnswer {
  std::string subject;
  std::string text;
  std::string html;
  JsonText json;  // what a webhook gets
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("subject", self.subject);
    visit("text", self.text);
    visit("html", self.html);
    visit("json", self.json);
  }
};

}  // namespace dray
