// From stored deliveries to the wire and back; digests; marks on runs.
#include <algorithm>

#include "daemon/base/log.h"
#include "daemon/base/random.h"
#include "daemon/notifier/notifications_impl.h"

namespace dray::notify {
namespace {

constexpr size_t kLookAhead = 200;  // due deliveries, of which some wait for their channel
constexpr size_t kMarksAtOnce = 200;
constexpr Duration kSoonest = milliseconds{50};

WallTime later(WallTime time, Duration by) {
  return time + std::chrono::duration_cast<microseconds>(by);
}

}  // namespace

Delivery Notifications::Impl::new_delivery(const Notice& notice, const Target& target) const {
  const Rendered rendered = renderer.render(notice);
  Delivery delivery;
  DeliveryView& view = delivery.view;
  view.event = notice.event;
  view.client = notice.client;
  view.job = notice.job;
  view.run = notice.run;
  view.rule = target.rule;
  view.channel = target.channel;
  view.recipient = target.recipient;
  view.subject = rendered.subject;
  view.message_id = fmt::format("dray.{}@{}", random_hex(16), options.host);
  view.created_at = wall();
  view.next_at = view.created_at;
  delivery.text = rendered.text;
  delivery.html = rendered.html;
  delivery.payload = to_json(notice);
  delivery.owner = target.owner;
  return delivery;
}

// ── Sending ─────────────────────────────────────────────────────────────────────────────────────

void Notifications::Impl::dispatch() {
  if (!known || sending.size() >= kMaxInFlight) return;
  Result<std::vector<Delivery>> due = store->due(wall(), kLookAhead);
  if (!due) return log_warn("notify.store", "{}", due.error().message);
  std::map<std::string, size_t> on_channel;
  for (const auto& [id, channel] : sending)
    ++on_channel[channel];
  std::vector<Delivery> chosen;
  for (Delivery& delivery : *due) {
    if (sending.size() + chosen.size() >= kMaxInFlight) break;
    if (on_channel[delivery.view.channel] >= kMaxInFlightPerChannel) continue;
    ++on_channel[delivery.view.channel];
    chosen.push_back(std::move(delivery));
  }
  if (!chosen.empty())
    if (const Status started = start_sending(chosen); !started) {
      store->rollback();
      log_warn("notify.store", "{}", started.error().message);
    }
  arm();
}

// That it is being sent is durable before the first byte goes out: whoever starts after a crash
// knows that its end is unknown.
Status Notifications::Impl::start_sending(const std::vector<Delivery>& deliveries) {
  DRAY_TRY(store->begin());
  for (const Delivery& delivery : deliveries)
    DRAY_TRY(store->mark_sending(delivery.view.id));
  DRAY_TRY(store->commit());
  for (const Delivery& delivery : deliveries) {
    const uint64_t id = delivery.view.id;
    sending.emplace(id, delivery.view.channel);
    counted.delivered.try_emplace(delivery.view.channel, 0);
    counted.failures.try_emplace(delivery.view.channel, 0);
    const auto fail_soon = [this, id](Verdict verdict, std::string why) {
      loop.post([this, id, attempt = Attempt{verdict, std::move(why), {}}] { ended(id, attempt); });
    };
    const auto channel = channels.find(delivery.view.channel);
    if (channel == channels.end()) {
      fail_soon(Verdict::hopeless, "the channel was removed");
      continue;
    }
    if (!channel->second.secrets) {
      fail_soon(Verdict::retry, channel->second.secrets.error().message);
      continue;
    }
    Result<Call> call = build_call(channel->second.spec, *channel->second.secrets, delivery,
                                   {options.host, wall()});
    if (call)
      sender.submit(std::move(*call));
    else
      fail_soon(Verdict::hopeless, call.error().message);
  }
  return {};
}

// Wakes up for the next one that waits for its time; what waits for room wakes with the end of
// another.
void Notifications::Impl::arm() {
  const Result<std::optional<WallTime>> next = store->next_due();
  if (!next || !*next) return wake.cancel();
  const Duration left = **next - wall();
  if (left <= Duration::zero() && !sending.empty()) return;
  wake.start_once(std::clamp<Duration>(left, kSoonest, kTick), [this] { dispatch(); });
}

void Notifications::Impl::ended(uint64_t id, const Attempt& attempt) {
  if (const auto test = tests.find(id); test != tests.end()) {
    const auto done = std::move(test->second);
    tests.erase(test);
    return done(attempt);
  }
  if (const auto sent = sending.extract(id)) {
    const bool arrived = attempt.verdict == Verdict::delivered;
    ++(arrived ? counted.delivered : counted.failures)[sent.mapped()];
  }
  const Result<std::optional<Delivery>> delivery = store->find(id);
  Status stored = delivery ? Status{} : std::unexpected(delivery.error());
  if (delivery && *delivery) stored = end_delivery(**delivery, attempt);
  if (!stored) {
    store->rollback();
    log_warn("notify.store", "{}", stored.error().message);
  }
  dispatch();
}

Status Notifications::Impl::end_delivery(const Delivery& delivery, const Attempt& attempt) {
  const DeliveryView& view = delivery.view;
  DeliveryStore::End end;
  end.error = attempt.error;
  end.at = end.next_at = wall();
  if (attempt.verdict != Verdict::delivered) {
    std::optional<Duration> delay;
    if (attempt.verdict != Verdict::hopeless) delay = next_delay(options.retry, view.attempts);
    end.state = delay ? DeliveryState::waiting : DeliveryState::failed;
    if (delay) end.next_at = later(end.at, std::max(*delay, attempt.retry_after));
  }
  DRAY_TRY(store->begin());
  DRAY_TRY(store->end_attempt(view.id, end));
  if (end.state == DeliveryState::failed) DRAY_TRY(add_fallback(delivery, attempt.error));
  DRAY_TRY(store->commit());
  if (end.state == DeliveryState::delivered) {
    log_info({"notify.delivered", {{"delivery", view.id}, {"run", view.run.value}}},
             "delivered through {}: {}", view.channel, view.subject);
  } else {
    log_warn({"notify.failed", {{"delivery", view.id}, {"run", view.run.value}}},
             "attempt {} through {} failed: {}{}", view.attempts, view.channel, attempt.error,
             end.state == DeliveryState::failed ? "; given up" : "");
  }
  return {};
}

Status Notifications::Impl::add_fallback(const Delivery& delivery, const std::string& error) {
  const auto channel = channels.find(delivery.view.channel);
  if (channel == channels.end() || channel->second.spec.fallback.empty()) return {};
  const auto other = channels.find(channel->second.spec.fallback);
  if (other == channels.end()) return {};
  Delivery copy = delivery;
  copy.sequence = 0;
  copy.view.state = DeliveryState::waiting;
  copy.view.channel = other->first;
  if (other->second.spec.kind != ChannelKind::smtp) copy.view.recipient.clear();
  copy.view.message_id = fmt::format("dray.{}@{}", random_hex(16), options.host);
  copy.view.created_at = copy.view.next_at = wall();
  copy.text +=
      fmt::format("\nThis could not be delivered through {}: {}\n", delivery.view.channel, error);
  copy.html.clear();
  const Result<uint64_t> added = store->add(copy);
  return added ? Status{} : std::unexpected(added.error());
}

// ── Digests ─────────────────────────────────────────────────────────────────────────────────────

void Notifications::Impl::make_digests() {
  if (!known) return;
  const Result<std::vector<DeliveryStore::Collected>> targets = store->collected();
  if (!targets) return log_warn("notify.store", "{}", targets.error().message);
  const WallTime now = wall();
  for (const DeliveryStore::Collected& target : *targets) {
    if (later(target.oldest, options.digest_window) > now) continue;
    if (const Status made = make_digest(target); !made) {
      store->rollback();
      log_warn("notify.store", "{}", made.error().message);
    }
  }
}

Status Notifications::Impl::make_digest(const DeliveryStore::Collected& target) {
  DRAY_TRY_ASSIGN(const std::vector<Delivery> members,
                  store->collected_for(target, kMaxDigestItems));
  if (members.empty()) return {};
  std::vector<NoticeItem> items;
  for (const Delivery& member : members) {
    const Result<Notice> notice =
        from_json<Notice>(member.payload, JsonReadOptions{.unknown_keys = true});
    if (notice) items.push_back(item_of(*notice));
  }
  Notice digest = digest_of(std::move(items), wall());
  complete(digest, options.public_url);
  const Delivery delivery =
      new_delivery(digest, {0, target.channel, target.recipient, members.front().owner});
  DRAY_TRY(store->begin());
  DRAY_TRY_ASSIGN(const uint64_t id, store->add(delivery));
  DRAY_TRY(store->fold(members, id));
  return store->commit();
}

// ── Marks on runs ───────────────────────────────────────────────────────────────────────────────

void Notifications::Impl::send_marks() {
  if (!configured || marking) return;
  Result<std::vector<NotifiedRun>> runs = store->unmarked(kMarksAtOnce);
  if (!runs) return log_warn("notify.store", "{}", runs.error().message);
  if (runs->empty()) return;
  marking = true;
  const std::string body = to_json(NotifiedRuns{*runs});
  ask<JsonText>("notify.mark", body, [this, told = std::move(*runs)](Result<JsonText> done) {
    marking = false;
    if (!done) return log_warn("notify.mark", "{}", done.error().message);
    if (const Status stored = store->mark_told(told); !stored)
      log_warn("notify.store", "{}", stored.error().message);
  });
}

}  // namespace dray::notify
