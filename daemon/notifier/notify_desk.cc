// Questions that people have for the notifier.
#include "daemon/notifier/notify_desk.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/notifier/notifications_impl.h"
#include "schemas/notify_channels.h"
#include "schemas/notify_check.h"

namespace dray::notify {
namespace {

struct RunBody {
  RunId run;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
  }
};

struct EventOfState {
  RunState state;
  NotifyEvent event;
};
constexpr EventOfState kEvents[] = {
    {RunState::succeeded, NotifyEvent::success}, {RunState::warning, NotifyEvent::warning},
    {RunState::failed, NotifyEvent::failure},    {RunState::cancelled, NotifyEvent::cancelled},
    {RunState::missed, NotifyEvent::missed},     {RunState::held, NotifyEvent::held},
};

NotifyEvent event_of(RunState state) {
  for (const EventOfState& row : kEvents)
    if (row.state == state) return row.event;
  return NotifyEvent::started;
}

}  // namespace

void Notifications::Impl::answer(const WorkerQuery& query, Answered done) {
  struct Row {
    std::string_view kind;
    void (*answer)(Impl&, std::string_view body, Answered done);
  };
  static constexpr Row kRows[] = {
      {kAskDeliveries,
       [](Impl& self, std::string_view body, Answered to) { to(self.list_deliveries(body)); }},
      {kAskRetry, [](Impl& self, std::string_view body, Answered to) { to(self.retry(body)); }},
      {kAskTest,
       [](Impl& self, std::string_view body, Answered to) { self.test(body, std::move(to)); }},
      {kAskPreview,
       [](Impl& self, std::string_view body, Answered to) { self.preview(body, std::move(to)); }},
  };
  for (const Row& row : kRows)
    if (row.kind == query.kind) return row.answer(*this, query.body, std::move(done));
  done(
      fail(ErrorCode::invalid, "{} is not a question that the notifier knows", quoted(query.kind)));
}

Result<std::string> Notifications::Impl::list_deliveries(std::string_view body) {
  DRAY_TRY_ASSIGN(const DeliveryQuery query, from_json<DeliveryQuery>(body));
  DeliveryListAnswer answer;
  DRAY_TRY_ASSIGN(answer.deliveries, store->list(query));
  std::string json = to_json(answer);
  while (json.size() > limits::kMaxStringBytes) {
    answer.deliveries.resize(answer.deliveries.size() / 2);
    json = to_json(answer);
  }
  return json;
}

Result<std::string> Notifications::Impl::retry(std::string_view body) {
  DRAY_TRY_ASSIGN(const RetryQuery query, from_json<RetryQuery>(body));
  RetryAnswer answer;
  DRAY_TRY_ASSIGN(answer.retried, store->retry(query, wall()));
  if (answer.retried == 0)
    return fail(ErrorCode::not_found, "no such delivery has failed or waits");
  dispatch();
  return to_json(answer);
}

// Those who ask may have changed a channel or template just now, before its event came by here:
// what they see is made from what the scheduler has.
void Notifications::Impl::with_config(Answered done, std::function<void(NotifyConfigAnswer)> use) {
  if (!up) return done(fail(ErrorCode::unavailable, "the scheduler is away"));
  ask<NotifyConfigAnswer>(
      "notify.config", "{}",
      [done = std::move(done), use = std::move(use)](Result<NotifyConfigAnswer> config) {
        if (!config) return done(std::unexpected(config.error()));
        use(std::move(*config));
      });
}

// Past the database: whoever tests wants the answer now, and no second message tomorrow.
void Notifications::Impl::test(std::string_view body, Answered done) {
  const Result<TestQuery> query = from_json<TestQuery>(body);
  if (!query) return done(std::unexpected(query.error()));
  with_config(done, [this, query = *query, done](const NotifyConfigAnswer& config) {
    const auto channel = std::ranges::find(config.channels, query.channel, &NotifyChannel::name);
    if (channel == config.channels.end())
      return done(fail(ErrorCode::not_found, "there is no channel {}", quoted(query.channel)));
    if (const Status sent = send_test(*channel, query.recipient, done); !sent)
      done(std::unexpected(sent.error()));
  });
}

Status Notifications::Impl::send_test(const NotifyChannel& channel, const std::string& recipient,
                                      Answered done) {
  DRAY_TRY_ASSIGN(const Secrets secrets, open_secrets(key, channel));
  if (channel_kind(channel.kind).mail)
    DRAY_TRY(annotate(check_mail_address(recipient), "recipient"));
  Notice notice = sample_notice(NotifyEvent::test, wall());
  complete(notice, options.public_url);
  Delivery delivery = new_delivery(notice, {0, channel.name, recipient, ""});
  delivery.view.id = next_test_id++;
  DRAY_TRY_ASSIGN(Call call, build_call(channel, secrets, delivery, {options.host, wall()}));
  const Instant begin = clock.now().mono;
  tests[delivery.view.id] = [this, begin, done = std::move(done)](const Attempt& attempt) {
    const TestAnswer answer{attempt.verdict == Verdict::delivered, attempt.error,
                            static_cast<uint64_t>(to_ms(clock.now().mono - begin))};
    done(to_json(answer));
  };
  sender.submit(std::move(call));
  return {};
}

namespace {

Result<std::string> preview_json(const Renderer& with, const Notice& notice) {
  const Rendered rendered = with.render(notice);
  PreviewAnswer answer{rendered.subject, rendered.text, rendered.html, JsonText{to_json(notice)}};
  std::string json = to_json(answer);
  if (json.size() > limits::kMaxStringBytes)
    return fail(ErrorCode::exhausted, "the message is too long to be shown here");
  return json;
}

Notice notice_of_run(const RunShowAnswer& facts, std::optional<NotifyEvent> event) {
  Notice notice;
  notice.event = event.value_or(event_of(facts.run.state));
  notice.at = facts.run.ended_at;
  notice.client = facts.run.client;
  notice.job = facts.run.job;
  add_run(notice, facts);
  return notice;
}

}  // namespace

void Notifications::Impl::show(Notice notice, Answered done) {
  complete(notice, options.public_url);
  with_config(done, [notice = std::move(notice), done](const NotifyConfigAnswer& config) {
    Renderer fresh;
    fresh.load(config.templates);
    done(preview_json(fresh, notice));
  });
}

void Notifications::Impl::preview(std::string_view body, Answered done) {
  const Result<PreviewQuery> query = from_json<PreviewQuery>(body);
  if (!query) return done(std::unexpected(query.error()));
  std::optional<NotifyEvent> event;
  if (!query->event.empty()) {
    const Result<NotifyEvent> parsed = parse_enum<NotifyEvent>(query->event);
    if (!parsed) return done(std::unexpected(parsed.error()));
    event = *parsed;
  }
  if (!query->run) {
    Notice notice = sample_notice(event.value_or(NotifyEvent::failure), wall());
    if (!query->client.empty()) notice.client = query->client;
    return show(std::move(notice), std::move(done));
  }
  if (!up) return done(fail(ErrorCode::unavailable, "the scheduler is away"));
  ask<RunShowAnswer>("run.show", to_json(RunBody{query->run}),
                     [this, event, done = std::move(done)](const Result<RunShowAnswer>& facts) {
                       if (!facts) return done(std::unexpected(facts.error()));
                       show(notice_of_run(*facts, event), done);
                     });
}

}  // namespace dray::notify
