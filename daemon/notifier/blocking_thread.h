// One thread for what must block (reads of the database, hashing of passwords), with a bounded
// queue in front. The loop waits for answers in coroutines.
//
// Thread: run() is called on the loop's; the work runs on the other one, one after the other.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/base/result.h"

namespace dray::notifier {

class BlockingThread {
 public:
  explicit BlockingThread(size_t max_waiting);
  ~BlockingThread();  // ends what runs, drops what waits
  BlockingThread(const BlockingThread&) = delete;
  BlockingThread& operator=(const BlockingThread&) = delete;

  // `work` returns a Result<T>; exhausted: too many wait already.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> run(Work work) {
    using Answer = std::invoke_result_t<Work>;
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Answer)>(
        [this](auto handler, Work inner) {
          auto executor = boost::asio::get_associated_executor(handler);
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          const auto answer = [executor, shared](Answer value) {
            boost::asio::post(executor, [shared, value = std::move(value)]() mutable {
              std::move (*shared)(std::move(value));
            });
          };
          if (!push([answer, inner = std::move(inner)]() mutable { answer(inner()); }))
            answer(fail(ErrorCode::exhausted, "too many wait already"));
        },
        boost::asio::use_awaitable, std::move(work));
  }

 private:
  using Work = std::function<void()>;
  bool push(Work work);
  void loop();

  size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dray::notifier
