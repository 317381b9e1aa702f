#include "daemon/notifier/live_hub.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/log.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;

// Behind these the run is on no worker: its last picture is no longer true.
constexpr std::string_view kOffWorker[] = {"run.finished", "run.paused", "run.retry",  "run.lost",
                                           "run.held",     "run.missed", "run.skipped"};

LiveSubject subject_of(const EventView& event) {
  return {event.kind, event.client, event.job, event.run};
}

EventView view_of(const EventMessage& message) {
  return {message.sequence, message.at,  message.kind,          message.client,
          message.job,      message.run, JsonText{message.body}};
}

}  // namespace

LiveHub::LiveHub(Api& api)
    : api_(api),
      snapshots_(api.loop, api.clock,
                 [&api](const Identity& who) { return api.verbs.ask(who, "status", "{}"); }),
      former_(api),
      followed_(api.loop.context(), asio::steady_timer::time_point::max()),
      tick_timer_(api.loop),
      pass_timer_(api.loop) {}

LiveHub::~LiveHub() = default;

void LiveHub::start() {
  beat_at_ = now();
  tick_timer_.start_repeating(kTick, [this] { tick(); });
  fetch();
}

void LiveHub::stop() {
  stopping_ = true;
  for (LiveSession* session : sessions_)
    session->end(LiveEnd::stopping);
}

// ── Connections ─────────────────────────────────────────────────────────────────────────────────

Task<Status> LiveHub::admit(std::string address) {
  if (!ready_ && fetching_) {
    boost::system::error_code ec;
    co_await followed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
  if (!ready_ || stopping_)
    co_return fail(ErrorCode::unavailable, "the journal cannot be followed yet; try again soon");
  const auto found = by_address_.find(address);
  if (found != by_address_.end() &&
      found->second >= api_.config.notifier.max_connections_per_address)
    co_return fail(ErrorCode::exhausted, "too many live connections from this address");
  co_return Status{};
}

void LiveHub::add(LiveSession& session) {
  sessions_.push_back(&session);
  by_address_[session.filter().who().address] += 1;
  counters_.open[static_cast<size_t>(session.form())] += 1;
}

void LiveHub::remove(LiveSession& session) {
  const auto found = std::ranges::find(sessions_, &session);
  DRAY_CHECK(found != sessions_.end(), "a live connection is not known");
  *found = sessions_.back();
  sessions_.pop_back();
  // One may have moved to where the pass has been.
  pass_again_ = true;
  const auto address = by_address_.find(session.filter().who().address);
  if (--address->second == 0) by_address_.erase(address);
  counters_.open[static_cast<size_t>(session.form())] -= 1;
}

void LiveHub::count_end(LiveEnd why) {
  counters_.ended[static_cast<size_t>(why)] += 1;
}

void LiveHub::send_former_status(LiveSession& session) {
  former_.send_status(shared_from_this(), {session.filter().who().client});
}

void LiveHub::tell_former(LiveSubject subject, LiveMessagePtr message) {
  log_.add_note(std::move(subject), std::move(message));
  wake();
}

// ── From the broker ─────────────────────────────────────────────────────────────────────────────

void LiveHub::on_event(const EventMessage& message) {
  // Also of an event that is known already: pictures arrive in order with publications alone.
  if (std::ranges::find(kOffWorker, message.kind) != std::end(kOffWorker))
    log_.drop_picture(message.run);
  if (!ready_ || fetching_) {
    fetch_again_ = true;
    return;
  }
  if (message.sequence == log_.last_sequence() + 1)
    append(view_of(message));
  else if (message.sequence > log_.last_sequence())
    fetch();
}

void LiveHub::on_progress(const RunProgress& progress) {
  log_.put_picture({std::string(kProgressKind), progress.client, progress.job, progress.token.run},
                   progress_message(progress), now());
  wake();
}

void LiveHub::on_link_back() {
  fetch();
}

void LiveHub::append(const EventView& event) {
  log_.add_event(event.sequence, subject_of(event), event_message(event));
  if (ready_) former_.take(event);  // before that it is history
  wake();
}

// ── Waking ──────────────────────────────────────────────────────────────────────────────────────

void LiveHub::wake() {
  pass_again_ = true;
  if (passing_) return;
  passing_ = true;
  api_.loop.at_end_of_turn([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pass();
  });
}

void LiveHub::pass() {
  const Instant began = now();
  if (next_ == 0) {
    pass_again_ = false;
    worked_ = {};
    former_.tell(*this);
  }
  const size_t end = std::min(next_ + kSlice, sessions_.size());
  while (next_ < end)
    sessions_[next_++]->pump();
  worked_ += now() - began;
  const auto go_on = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pass();
  };
  if (next_ < sessions_.size()) return api_.loop.post(go_on);
  next_ = 0;
  if (pass_again_) return pass_timer_.start_once(std::min(worked_, kMaxPause), go_on);
  passing_ = false;
}

void LiveHub::tick() {
  const Instant time = now();
  for (LiveSession* session : sessions_)
    session->tick(time);
  check_identities();
  former_.refresh(*this);
  if (!ready_) fetch();
  if (time - beat_at_ >= kHeartbeat) beat();
}

void LiveHub::beat() {
  beat_at_ = now();
  log_.drop_pictures_before(beat_at_ - kPictureAge);
  // A publication that was lost is noticed with the next one, and with this at the latest.
  fetch();
  if (!ready_) return;
  log_.put_heartbeat(heartbeat_message(log_.last_sequence()));
  wake();
}

void LiveHub::check_identities() {
  const WallTime wall = api_.clock.now().wall;
  const uint64_t revision = api_.access.revision();
  const bool changed = revision != access_revision_;
  access_revision_ = revision;
  std::map<std::string_view, bool> valid;  // each proof is looked up once
  for (LiveSession* session : sessions_) {
    const Identity& who = session->filter().who();
    const bool over = who.expires_at != WallTime{} && who.expires_at <= wall;
    if (!over && !changed) continue;
    const auto [known, fresh] = valid.try_emplace(who.proof, true);
    if (fresh) known->second = api_.access.still_valid(who);
    if (!known->second) session->end(LiveEnd::revoked);
  }
}

}  // namespace dray::notifier
