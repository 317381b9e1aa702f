// Private to notifications.cc and notify_*.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/notifier/delivery_store.h"
#include "daemon/notifier/notice.h"
#include "daemon/notifier/notifications.h"
#include "daemon/notifier/outgoing.h"
#include "daemon/notifier/render.h"
#include "daemon/notifier/rules.h"
#include "daemon/notifier/sender.h"
#include "schemas/answers_notify.h"
#include "schemas/codec.h"
#include "schemas/json_fields.h"
#include "schemas/verbs.h"

namespace dray::notify {

struct Notifications::Impl {
  static constexpr size_t kPageEvents = 200;
  static constexpr uint64_t kMaxUnstoredEvents = 1000;
  static constexpr Duration kTick = seconds{5};
  static constexpr Duration kAskTimeout = seconds{20};
  static constexpr Duration kAskAgain = seconds{5};  // after the scheduler could not answer
  static constexpr size_t kMaxInFlight = 16;
  static constexpr size_t kMaxInFlightPerChannel = 4;
  static constexpr size_t kMaxDigestItems = 200;
  static constexpr std::chrono::hours kKeepDeliveries{24 * 90};
  // Ids of messages that are not deliveries: tests of channels.
  static constexpr uint64_t kFirstTestId = uint64_t{1} << 62;

  struct Channel {
    NotifyChannel spec;
    Result<Secrets> secrets;
  };

  // What is still to be asked for before the occasions of a page can be stored.
  struct Work {
    std::vector<Occasion> occasions;
    std::optional<Cursor> cursor;  // where the journal is read up to then
    bool store = true;
    bool reload = false;  // the rules have changed at the end of this page
    std::map<RunId, RunShowAnswer> runs;
    std::map<std::string, JobShowAnswer> jobs;
    size_t open = 0;  // questions
    std::optional<Error> failed;
  };

  Impl(EventLoop& loop_in, Bus& bus_in, NotificationOptions options_in, SealingKeyPair key_in,
       std::unique_ptr<DeliveryStore> store_in, AddressGuard guard);

  // ── notifications.cc ──
  Status start();
  Status load_stored();
  void link_changed(const LinkState& state);
  void register_key();
  void load_config();
  void apply_config(NotifyConfigAnswer config);
  void tick();
  WallTime wall() const { return clock.now().wall; }

  // ── notify_feed.cc ──
  void fetch();
  void take_page(const EventListAnswer& page);
  bool settle_cursor(const EventListAnswer& page);
  void check_overdue();
  void gather(std::shared_ptr<Work> work);
  void gathered(const std::shared_ptr<Work>& work);
  Status store_work(const Work& work);
  Status store_occasion(const Occasion& occasion, const Notice& notice);
  Notice notice_of(const Occasion& occasion, const Work& work) const;
  void give_up(const Error& error);

  // ── notify_dispatch.cc ──
  void dispatch();
  Status start_sending(const std::vector<Delivery>& deliveries);
  void arm();
  void ended(uint64_t id, const Attempt& attempt);
  Status end_delivery(const Delivery& delivery, const Attempt& attempt);
  Status add_fallback(const Delivery& delivery, const std::string& error);
  void make_digests();
  Status make_digest(const DeliveryStore::Collected& target);
  void send_marks();
  Delivery new_delivery(const Notice& notice, const Target& target) const;

  // ── notify_desk.cc ──
  void answer(const WorkerQuery& query, Answered done);
  Result<std::string> list_deliveries(std::string_view body);
  Result<std::string> retry(std::string_view body);
  void test(std::string_view body, Answered done);
  void preview(std::string_view body, Answered done);
  void with_config(Answered done, std::function<void(NotifyConfigAnswer)> use);
  Status send_test(const NotifyChannel& channel, const std::string& recipient, Answered done);
  void show(Notice notice, Answered done);

  // Asks the scheduler, for itself or as one who may read everything. `done` is not called when the
  // link goes away meanwhile: what was under way then is begun again.
  template <class Answer>
  void ask(std::string_view verb, std::string body, std::function<void(Result<Answer>)> done) {
    const Verb* row = find_verb(verb);
    DRAY_CHECK(row != nullptr, "the notifier asks what there is");
    Request request{std::string(verb), std::move(body), "dray-notifier", "", {}};
    if (row->reach != Reach::notifier) request.acting.scope = static_cast<uint8_t>(Scope::read);
    bus.ask(request, kAskTimeout,
            [this, asked_in = link_number, done = std::move(done)](Result<Response> response) {
              if (asked_in != link_number) return;
              if (!response) return done(std::unexpected(std::move(response.error())));
              if (response->code != 0)
                return done(std::unexpected(
                    Error{from_wire_code(response->code), std::move(response->message)}));
              done(from_json<Answer>(response->body, JsonReadOptions{.unknown_keys = true}));
            });
  }

  EventLoop& loop;
  Bus& bus;
  const NotificationOptions options;
  const SealingKeyPair key;
  SystemClock clock;
  std::unique_ptr<DeliveryStore> store;

  Rules rules;
  Renderer renderer;
  std::map<std::string, Channel> channels;

  uint64_t link_number = 0;  // rises whenever the scheduler comes or goes
  bool up = false;           // the scheduler is there
  bool configured = false;   // since it is there
  bool known = false;        // channels and templates, from it or from before it went away
  bool busy = false;         // a page or a look for what is overdue is under way
  bool doorbell = false;     // something happened since the last page was asked for
  bool caught_up = false;    // everything of the journal was seen once
  Instant caught_up_at{};    // when it was last; at first: when the process started
  NotificationCounters counted;
  bool marking = false;
  std::optional<Cursor> cursor;
  uint64_t stored_sequence = 0;  // where the journal is read up to in notifier.db

  std::map<uint64_t, std::string> sending;  // deliveries under way, with their channels
  std::map<uint64_t, std::function<void(const Attempt&)>> tests;
  uint64_t next_test_id = kFirstTestId;

  Timer ticker;
  Timer wake;   // when the next delivery is due
  Timer again;  // after a failure
  Sender sender;
};

}  // namespace dray::notify
