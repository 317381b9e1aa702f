// How the hub reads the journal: to its end when it starts, and wherever publications leave a gap.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/base/log.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/store/store_queries.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;

// The end is read first: an event that is committed meanwhile is then at most read once more.
Result<LivePage> read_page(store::Db& db, const store::EventFilter& filter,
                           const std::string& client) {
  store::Queries queries(db);
  queries.bind_to(client);
  LivePage page;
  DRAY_TRY_ASSIGN(page.first_sequence, queries.first_sequence());
  DRAY_TRY_ASSIGN(page.last_sequence, queries.last_sequence());
  DRAY_TRY_ASSIGN(page.events, queries.events(filter));
  const uint64_t last = page.events.empty() ? filter.since : page.events.back().sequence;
  page.through = page.events.size() == filter.limit ? last : std::max(last, page.last_sequence);
  return page;
}

store::EventFilter page_behind(uint64_t since, size_t limit) {
  store::EventFilter filter;
  filter.since = since;
  filter.limit = limit;
  return filter;
}

Task<void> read_for(std::shared_ptr<LiveHub> hub, Database& database, store::EventFilter filter,
                    std::string client, std::function<void(Result<LivePage>)> done) {
  const auto read = [filter, client](store::Db& db) { return read_page(db, filter, client); };
  Result<LivePage> page = co_await database.ask(read);
  // Without being held the hub might not be there any more.
  if (hub) done(std::move(page));
}

}  // namespace

void LiveHub::read_events(uint64_t since, const LiveFilter& filter,
                          std::function<void(Result<LivePage>)> done) {
  store::EventFilter rows = page_behind(since, kReaderEvents);
  rows.run = filter.run();
  rows.job = filter.job();
  rows.client = filter.client();
  asio::co_spawn(api_.loop.context(),
                 read_for(shared_from_this(), api_.database, std::move(rows), filter.who().client,
                          std::move(done)),
                 asio::detached);
}

void LiveHub::fetch() {
  fetch_again_ = true;
  if (fetching_ || stopping_) return;
  fetching_ = true;
  asio::co_spawn(api_.loop.context(), follow(shared_from_this()), asio::detached);
}

Task<void> LiveHub::follow(std::shared_ptr<LiveHub> self) {
  while (std::exchange(self->fetch_again_, false)) {
    const Status done = co_await self->read_new();
    if (done) continue;
    log_debug("live.wait", "the journal cannot be read, trying again soon: {}",
              done.error().message);
    break;  // with the next publication or heartbeat
  }
  self->fetching_ = false;
  self->followed_.cancel();
}

Task<Result<uint64_t>> LiveHub::journal_end() {
  return api_.database.ask([](store::Db& db) { return store::Queries(db).last_sequence(); });
}

Task<Status> LiveHub::read_new() {
  return ready_ ? read_on() : load();
}

// Some of the journal's end is put into the log: whoever was connected before a restart resumes
// without asking the database.
Task<Status> LiveHub::load() {
  const Result<uint64_t> end = co_await journal_end();
  if (!end) co_return std::unexpected(end.error());
  log_.reset(*end - std::min(*end, kPreloaded));
  const Status read = co_await read_on();
  ready_ = read.has_value();
  co_return read;
}

Task<Status> LiveHub::read_on() {
  bool more = true;
  while (more) {
    const store::EventFilter filter = page_behind(log_.last_sequence(), kPageEvents);
    const auto read = [filter](store::Db& db) { return read_page(db, filter, ""); };
    const auto page = co_await api_.database.ask(read);
    if (!page) co_return std::unexpected(page.error());
    take_page(*page);
    more = page->events.size() == kPageEvents;
  }
  co_return Status{};
}

// A backup was put in place: what it holds under the sequences that are known may be something
// else.
bool LiveHub::is_of_another_journal(const LivePage& page) {
  const bool opened = api_.database.at_once().open().has_value();
  const FileIdentity& file = api_.database.at_once().file();
  const bool other = opened && std::exchange(journal_, file) != file;
  return ready_ && (other || page.last_sequence < log_.last_sequence());
}

void LiveHub::take_page(const LivePage& page) {
  const uint64_t known = log_.last_sequence();
  if (is_of_another_journal(page)) {
    log_warn("live.restored", "the database is another one: its journal ends at {}, not at {}",
             page.last_sequence, known);
    return begin_anew(page.last_sequence);
  }
  const bool gap = !page.events.empty() && page.events.front().sequence > known + 1;
  if (gap) begin_anew(page.events.front().sequence - 1);
  for (const EventView& event : page.events)
    if (event.sequence == log_.last_sequence() + 1) append(event);
}

// Nobody may count on what they were told before.
void LiveHub::begin_anew(uint64_t sequence) {
  log_.reset(sequence);
  const LiveMessagePtr message = resync_message(sequence);
  for (LiveSession* session : sessions_)
    session->resync(sequence, message);
}

}  // namespace dray::notifier
