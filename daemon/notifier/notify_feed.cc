// From the journal to stored deliveries: page by page, each in one transaction with the cursor.
#include "daemon/base/log.h"
#include "daemon/notifier/notifications_impl.h"

namespace dray::notify {
namespace {

constexpr std::string_view kNotifyChanged = "notify.changed";

struct EventsBody {
  uint64_t since = 0;
  uint64_t limit = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("since", self.since);
    visit("limit", self.limit);
  }
};
struct RunBody {
  RunId run;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
  }
};
struct JobBody {
  std::string name;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
  }
};

// The end of a run that is marked when somebody was told of it.
bool is_end(NotifyEvent event) {
  return event != NotifyEvent::started && event != NotifyEvent::held &&
         event != NotifyEvent::overdue;
}

// Else the news goes out without these facts: what was deleted meanwhile stays away.
bool may_work_later(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout ||
         error.code == ErrorCode::io;
}

}  // namespace

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

void Notifications::Impl::fetch() {
  if (!configured || busy || !doorbell) return;
  busy = true;
  doorbell = false;
  const EventsBody body{cursor ? cursor->sequence : 0, kPageEvents};
  ask<EventListAnswer>("event.list", to_json(body), [this](Result<EventListAnswer> page) {
    if (!page) return give_up(page.error());
    take_page(*page);
  });
}

// False: there is nothing to do in this page.
bool Notifications::Impl::settle_cursor(const EventListAnswer& page) {
  if (!cursor) {
    // What happened before anybody could want to be told moves the states of jobs and nothing else.
    cursor = Cursor{0, page.last_sequence};
    log_info("notify.begin", "notifications begin behind event {}", page.last_sequence);
  }
  if (page.last_sequence < cursor->sequence) {
    log_warn("notify.restored",
             "the journal ends at {}, before the {} that was read last: the "
             "database is an older one. Notifications go on from its end",
             page.last_sequence, cursor->sequence);
    cursor = Cursor{page.last_sequence, page.last_sequence};
  }
  if (page.events.empty()) cursor->sequence = page.last_sequence;
  return !page.events.empty();
}

void Notifications::Impl::take_page(const EventListAnswer& page) {
  const std::optional<Cursor> before = cursor;
  auto work = std::make_shared<Work>();
  const bool any = settle_cursor(page);
  work->cursor = cursor;
  if (any && before && page.events.front().sequence != before->sequence + 1)
    log_warn("notify.gap", "the journal was deleted up to event {}; nobody is told of what is gone",
             page.events.front().sequence - 1);
  for (const EventView& event : page.events) {
    const bool quiet = event.sequence <= work->cursor->quiet_until;
    for (Occasion& occasion : rules.step(event, quiet))
      work->occasions.push_back(std::move(occasion));
    work->cursor->sequence = event.sequence;
    // What follows is judged by the new rules.
    work->reload = event.kind == kNotifyChanged && !quiet;
    if (work->reload) break;
  }
  doorbell = doorbell || any;
  caught_up = !any;
  if (caught_up) caught_up_at = clock.now().mono;
  // Every commit costs the disk; what no rule and no job cares about may be read once more.
  const bool news = !work->occasions.empty() || rules.has_changes() || work->reload || !before ||
                    work->cursor->quiet_until != before->quiet_until ||
                    work->cursor->sequence > stored_sequence + kMaxUnstoredEvents;
  if (!news) work->store = false;
  gather(std::move(work));
}

void Notifications::Impl::check_overdue() {
  if (!configured || busy || !caught_up) return;
  auto work = std::make_shared<Work>();
  work->occasions = rules.overdue(wall());
  if (work->occasions.empty()) return;
  busy = true;
  gather(std::move(work));
}

// ── Facts ───────────────────────────────────────────────────────────────────────────────────────

void Notifications::Impl::gather(std::shared_ptr<Work> work) {
  std::set<RunId> runs;
  std::set<std::string> jobs;
  for (const Occasion& occasion : work->occasions) {
    if (occasion.run) runs.insert(occasion.run);
    jobs.insert(occasion.job);
  }
  const auto arrived = [this, work](const auto& answer) {
    if (!answer && may_work_later(answer.error())) work->failed = answer.error();
    if (--work->open == 0) gathered(work);
  };
  work->open = runs.size() + jobs.size();
  if (work->open == 0) return gathered(work);
  for (const RunId run : runs)
    ask<RunShowAnswer>("run.show", to_json(RunBody{run}),
                       [work, run, arrived](Result<RunShowAnswer> answer) {
                         if (answer) work->runs[run] = std::move(*answer);
                         arrived(answer);
                       });
  for (const std::string& job : jobs)
    ask<JobShowAnswer>("job.show", to_json(JobBody{job}),
                       [work, job, arrived](Result<JobShowAnswer> answer) {
                         if (answer) work->jobs[job] = std::move(*answer);
                         arrived(answer);
                       });
}

void Notifications::Impl::gathered(const std::shared_ptr<Work>& work) {
  if (work->failed) return give_up(*work->failed);
  if (work->store) {
    if (const Status stored = store_work(*work); !stored) {
      store->rollback();
      return give_up(stored.error());
    }
    if (work->cursor) stored_sequence = work->cursor->sequence;
  }
  cursor = work->cursor ? work->cursor : cursor;
  busy = false;
  if (work->reload) {
    configured = false;
    return load_config();
  }
  fetch();
  dispatch();
}

// The page is begun again later, from what is stored.
void Notifications::Impl::give_up(const Error& error) {
  log_warn("notify.wait", "cannot go on, trying again soon: {}", error.message);
  busy = false;
  doorbell = true;
  if (const Status loaded = load_stored(); !loaded)
    log_warn("notify.store", "{}", loaded.error().message);
  again.start_once(kAskAgain, [this] {
    if (!up) return;
    if (configured) return fetch();
    register_key();
  });
}

// ── Storing ─────────────────────────────────────────────────────────────────────────────────────

Status Notifications::Impl::store_work(const Work& work) {
  DRAY_TRY(store->begin());
  if (work.cursor) DRAY_TRY(store->put_cursor(*work.cursor));
  DRAY_TRY(store->put_changes(rules.take_changes()));
  for (const Occasion& occasion : work.occasions)
    DRAY_TRY(store_occasion(occasion, notice_of(occasion, work)));
  return store->commit();
}

Status Notifications::Impl::store_occasion(const Occasion& occasion, const Notice& notice) {
  for (const Target& target : occasion.targets) {
    const auto channel = channels.find(target.channel);
    if (channel == channels.end()) {
      log_warn("notify.channel", "rule {} names the channel {}, which is gone", target.rule,
               target.channel);
      continue;
    }
    Delivery delivery = new_delivery(notice, target);
    delivery.sequence = occasion.sequence;
    delivery.event_at = occasion.at;
    delivery.to_mark = occasion.run && is_end(occasion.event);
    DRAY_TRY_ASSIGN(const Load load,
                    store->load_of(target.channel, target.recipient, delivery.view.created_at,
                                   options.digest_window));
    const Way way = choose_way(channel->second.spec, occasion.event, load);
    if (way.collect) delivery.view.state = DeliveryState::collected;
    delivery.view.next_at += std::chrono::duration_cast<microseconds>(way.delay);
    DRAY_TRY(store->add(delivery));
  }
  return {};
}

Notice Notifications::Impl::notice_of(const Occasion& occasion, const Work& work) const {
  Notice notice;
  notice.event = occasion.event;
  notice.at = occasion.at;
  notice.client = occasion.client;
  notice.job = occasion.job;
  notice.run = occasion.run;
  if (const auto run = work.runs.find(occasion.run); run != work.runs.end())
    add_run(notice, run->second);
  if (const auto job = work.jobs.find(occasion.job); job != work.jobs.end())
    add_job(notice, job->second);
  notice.kind = occasion.kind;
  if (notice.reason.empty()) notice.reason = occasion.reason;
  notice.failures = occasion.failures;
  notice.failing_since = occasion.failing_since;
  notice.last_success_at = occasion.last_success_at;
  notice.must_succeed_every_seconds = occasion.must_succeed_every_seconds;
  complete(notice, options.public_url);
  return notice;
}

}  // namespace dray::notify
