#include "ops/supervisor.h"

#include <algorithm>
#include <csignal>

#include "daemon/base/text.h"

namespace dray::ops {
namespace {

constexpr std::string_view kWrongConfig = "exit code 78";

Instant mono_now() {
  return SystemClock{}.now().mono;
}

}  // namespace

Duration Backoff::next(Duration ran_for) {
  if (ran_for >= kHealthy) pause_ = Duration{0};
  pause_ = pause_ == Duration{0} ? kFirst : std::min<Duration>(pause_ * 2, kLongest);
  return pause_;
}

struct Supervisor::Entry {
  Entry(EventLoop& loop, ChildSpec spec_in) : spec(std::move(spec_in)), restart(loop) {}
  ChildSpec spec;
  std::unique_ptr<Child> child;
  Timer restart;
  Backoff backoff;
  Instant started{};
};

Supervisor::Supervisor(EventLoop& loop, OnLine on_line, OnNote on_note)
    : loop_(loop),
      on_line_(std::move(on_line)),
      on_note_(std::move(on_note)),
      patience_timer_(loop) {}

Supervisor::~Supervisor() {
  // The last added depends on the first: it goes first.
  while (!entries_.empty())
    entries_.pop_back();
}

Status Supervisor::add(ChildSpec spec) {
  entries_.push_back(std::make_unique<Entry>(loop_, std::move(spec)));
  return start(*entries_.back());
}

Status Supervisor::start(Entry& entry) {
  entry.started = mono_now();
  const std::string& name = entry.spec.name;
  DRAY_TRY_ASSIGN(
      entry.child,
      Child::start(
          loop_, entry.spec, [this, &name](std::string_view line) { on_line_(name, line); },
          [this, &entry](const std::string& how, bool) { ended(entry, how); }));
  return {};
}

void Supervisor::ended(Entry& entry, const std::string& how) {
  if (stopping_) {
    // A turn later: this is the child's own callback.
    loop_.post([this] { stop_next(); });
    return;
  }
  if (how == kWrongConfig) {
    failed_ = entry.spec.name + " refuses its configuration; see its lines above";
    on_note_(failed_);
    return;
  }
  const Duration pause = entry.backoff.next(mono_now() - entry.started);
  on_note_(fmt::format("{} ended ({}); starting it again in {}", entry.spec.name, how,
                       human_duration(pause)));
  entry.restart.start_once(pause, [this, &entry] {
    if (stopping_) return;
    if (const Status status = start(entry); !status) on_note_(status.error().message);
  });
}

void Supervisor::stop(Duration patience, std::function<void()> done) {
  stopping_ = true;
  patience_ = patience;
  on_stopped_ = std::move(done);
  for (auto& entry : entries_)
    entry->restart.cancel();
  stop_next();
}

void Supervisor::stop_next() {
  patience_timer_.cancel();
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    Child* child = (*entry)->child.get();
    if (child == nullptr || !child->running()) continue;
    child->send_signal(SIGTERM);
    patience_timer_.start_once(patience_, [this, child, name = (*entry)->spec.name] {
      on_note_(name + " takes too long, killing it");
      child->send_signal(SIGKILL);
    });
    return;
  }
  if (on_stopped_) std::exchange(on_stopped_, nullptr)();
}

void Supervisor::stop_now() {
  stopping_ = true;
  for (auto& entry : entries_)
    if (entry->child) entry->child->send_signal(SIGKILL);
}

}  // namespace dray::ops
