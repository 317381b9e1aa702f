#include "daemon/notifier/sender.h"

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "daemon/notifier/sender_transfer.h"

namespace dray::notify {
namespace {

// How long the thread sleeps when nothing moves; deadlines are looked at as often.
constexpr int kPollMs = 500;

struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct Sender::Impl {
  Impl(EventLoop& loop_in, AddressGuard guard_in, Done done_in)
      : loop(loop_in), guard(std::move(guard_in)), done(std::move(done_in)) {
    start_libcurl();
    multi.reset(curl_multi_init());
    DRAY_CHECK(multi != nullptr, "libcurl has memory");
    thread = std::thread([this] { run(); });
  }

  // ── The loop's thread ──
  ~Impl() {
    *alive = false;
    stopping = true;
    curl_multi_wakeup(multi.get());
    thread.join();
  }
  void submit(Call call) {
    ++in_flight;
    {
      const std::lock_guard lock(mutex);
      queue.push_back(std::move(call));
    }
    curl_multi_wakeup(multi.get());
  }

  // ── The helper thread ──
  void run() {
    while (!stopping) {
      take_new();
      int running = 0;
      curl_multi_perform(multi.get(), &running);
      take_ended();
      end_late();
      curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
    }
    for (const auto& transfer : transfers)
      curl_multi_remove_handle(multi.get(), transfer->handle());
    transfers.clear();
  }
  void take_new() {
    std::list<Call> fresh;
    {
      const std::lock_guard lock(mutex);
      fresh.swap(queue);
    }
    for (Call& call : fresh) {
      const Instant now = SystemClock().now().mono;
      transfers.push_back(std::make_unique<Transfer>(std::move(call), guard, now));
      curl_multi_add_handle(multi.get(), transfers.back()->handle());
    }
  }
  void take_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* handle = message->easy_handle;
      end(handle, [code](const Transfer& transfer) { return transfer.result(code); });
    }
  }
  void end_late() {
    const Instant now = SystemClock().now().mono;
    std::list<CURL*> late;
    for (const auto& transfer : transfers)
      if (now >= transfer->deadline()) late.push_back(transfer->handle());
    for (CURL* handle : late)
      end(handle, [](const Transfer& transfer) { return transfer.timed_out(); });
  }
  template <class Judge>
  void end(CURL* handle, Judge&& judge) {
    for (auto it = transfers.begin(); it != transfers.end(); ++it) {
      if ((*it)->handle() != handle) continue;
      const uint64_t id = (*it)->id();
      const Attempt attempt = judge(**it);
      curl_multi_remove_handle(multi.get(), handle);
      transfers.erase(it);
      loop.post([this, id, attempt, alive = alive] {
        if (!*alive) return;
        --in_flight;
        done(id, attempt);
      });
      return;
    }
  }

  EventLoop& loop;
  const AddressGuard guard;
  const Done done;
  size_t in_flight = 0;                                        // the loop's thread
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // the loop's thread
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::list<Call> queue;                           // guarded by mutex
  std::unique_ptr<CURLM, MultiFree> multi;         // the helper's, but for wake-ups
  std::list<std::unique_ptr<Transfer>> transfers;  // the helper's
  std::thread thread;
};

Sender::Sender(EventLoop& loop, AddressGuard guard, Done done)
    : impl_(std::make_unique<Impl>(loop, std::move(guard), std::move(done))) {}
Sender::~Sender() = default;

void Sender::submit(Call call) {
  impl_->submit(std::move(call));
}

size_t Sender::in_flight() const {
  return impl_->in_flight;
}

}  // namespace dray::notify
