#include "daemon/base/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <vector>

#include "daemon/base/service_notify.h"

namespace dray {
namespace asio = boost::asio;

namespace {

using SteadyTime = asio::steady_timer::time_point;

struct SignalWatch {
  SignalWatch(asio::io_context& io, int signal) : set(io, signal) {}
  asio::signal_set set;
  EventLoop::Task handler;
};

void await_signal(SignalWatch& watch) {
  watch.set.async_wait([&watch](const boost::system::error_code& error, int) {
    if (error) return;  // the loop is going away
    await_signal(watch);
    watch.handler();
  });
}

// The handlers hold only weak references, so that destruction ends the calls.
struct DescriptorWatch final : EventLoop::Watch {
  using Way = asio::posix::stream_descriptor::wait_type;
  struct State {
    State(asio::io_context& io, int fd, Way way_in) : descriptor(io, fd), way(way_in) {}
    asio::posix::stream_descriptor descriptor;
    Way way;
    EventLoop::Task ready;
  };

  explicit DescriptorWatch(std::shared_ptr<State> state_in) : state(std::move(state_in)) {
    await(state);
  }
  ~DescriptorWatch() override {
    // The caller owns the file descriptor and may close it as soon as this returns.
    state->descriptor.release();
  }

  static void await(const std::shared_ptr<State>& state) {
    state->descriptor.async_wait(state->way,
                                 [weak = std::weak_ptr(state)](boost::system::error_code error) {
                                   const auto self = weak.lock();
                                   if (error || !self) return;
                                   self->ready();
                                   if (self.use_count() > 1) await(self);
                                 });
  }

  std::shared_ptr<State> state;
};

std::unique_ptr<EventLoop::Watch> watch_descriptor(asio::io_context& io, int fd,
                                                   DescriptorWatch::Way way,
                                                   EventLoop::Task ready) {
  auto state = std::make_shared<DescriptorWatch::State>(io, fd, way);
  state->ready = std::move(ready);
  return std::make_unique<DescriptorWatch>(std::move(state));
}

}  // namespace

struct EventLoop::Impl {
  asio::io_context io{1};  // one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  std::map<int, std::unique_ptr<SignalWatch>> signals;
  std::vector<Task> end_of_turn;
  std::unique_ptr<Timer> watchdog;
  bool in_turn = false;

  void run_hooks() {
    std::vector<Task> hooks;
    hooks.swap(end_of_turn);
    for (Task& hook : hooks)
      hook();
  }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() {
  impl_->watchdog.reset();  // a Timer must not outlive its loop
}

asio::io_context& EventLoop::context() {
  return impl_->io;
}

size_t EventLoop::run_turn(bool wait) {
  impl_->in_turn = true;
  size_t handlers = wait ? impl_->io.run_one() : impl_->io.poll_one();
  if (handlers > 0)
    while (handlers < kMaxHandlersPerTurn && impl_->io.poll_one() > 0)
      ++handlers;
  impl_->in_turn = false;
  impl_->run_hooks();
  return handlers;
}

void EventLoop::run() {
  while (!impl_->io.stopped())
    run_turn();
}

void EventLoop::stop() {
  impl_->io.stop();
}

bool EventLoop::stopped() const {
  return impl_->io.stopped();
}

void EventLoop::post(Task task) {
  asio::post(impl_->io, std::move(task));
}

void EventLoop::at_end_of_turn(Task task) {
  impl_->end_of_turn.push_back(std::move(task));
  if (!impl_->in_turn) post([] {});
}

void EventLoop::on_signal(int signal, Task handler) {
  std::unique_ptr<SignalWatch>& watch = impl_->signals[signal];
  const bool known = watch != nullptr;
  if (!known) watch = std::make_unique<SignalWatch>(impl_->io, signal);
  watch->handler = std::move(handler);
  if (!known) await_signal(*watch);
}

std::unique_ptr<EventLoop::Watch> EventLoop::watch_readable(int fd, Task ready) {
  return watch_descriptor(impl_->io, fd, DescriptorWatch::Way::wait_read, std::move(ready));
}

std::unique_ptr<EventLoop::Watch> EventLoop::watch_writable(int fd, Task ready) {
  return watch_descriptor(impl_->io, fd, DescriptorWatch::Way::wait_write, std::move(ready));
}

void EventLoop::feed_watchdog() {
  const Duration period = watchdog_period();
  if (period <= Duration{0}) return;
  impl_->watchdog = std::make_unique<Timer>(*this);
  impl_->watchdog->start_repeating(period / 2, notify_watchdog);
}

// A generation counts the starts: a completion that was already queued when the timer was set anew
// belongs to an older one and does nothing.
struct Timer::Impl : std::enable_shared_from_this<Timer::Impl> {
  explicit Impl(asio::io_context& io) : timer(io) {}

  void arm(SteadyTime when) {
    timer.expires_at(when);
    timer.async_wait([self = shared_from_this(), mine = generation](boost::system::error_code) {
      if (self->generation == mine && self->active) self->fire();
    });
  }

  void fire() {
    const uint64_t mine = generation;
    // A copy: the task may set the timer anew or destroy it.
    const EventLoop::Task run = task;
    if (period <= Duration{0}) active = false;
    run();
    if (generation != mine || !active) return;
    const SteadyTime now = asio::steady_timer::clock_type::now();
    SteadyTime next = timer.expiry() + period;
    if (next < now) next = now + period;
    arm(next);
  }

  void start(Duration delay, Duration period_in, EventLoop::Task task_in) {
    cancel();
    period = period_in;
    task = std::move(task_in);
    active = true;
    arm(asio::steady_timer::clock_type::now() + std::max(delay, Duration{0}));
  }

  void cancel() {
    ++generation;
    active = false;
    task = nullptr;
    timer.cancel();
  }

  asio::steady_timer timer;
  EventLoop::Task task;
  Duration period{0};
  uint64_t generation = 0;
  bool active = false;
};

Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop.context())) {}

Timer::~Timer() {
  impl_->cancel();
}

void Timer::start_once(Duration delay, EventLoop::Task task) {
  impl_->start(delay, Duration{0}, std::move(task));
}

void Timer::start_repeating(Duration period, EventLoop::Task task) {
  DRAY_CHECK(period > Duration{0}, "a repeating timer needs a period");
  impl_->start(period, period, std::move(task));
}

void Timer::cancel() {
  impl_->cancel();
}

bool Timer::active() const {
  return impl_->active;
}

}  // namespace dray
