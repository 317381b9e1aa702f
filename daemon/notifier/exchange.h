// One request on its connection, for handlers that read a long body or write a long answer
// themselves, and for those that take the connection over.
//
// Thread: the loop's. Owner: the connection; a handler borrows it until it returns.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/notifier/http_message.h"
#include "daemon/notifier/http_stream.h"

namespace dray::notifier {

// What the loop waits in. g++ 12 destroys some temporaries of the expression behind `co_await`
// twice: those made by braces (also as a default argument), by a lambda that captures, or in a
// branch of
// `?:`. They get names first.
template <class T>
using Task = boost::asio::awaitable<T>;

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const HttpRequest& request() const = 0;
  // Who speaks on the connection, for those who look at it.
  virtual void known_as(std::string_view who, std::string_view client) = 0;

  // The next part of the body, as soon as some of it is there; 0: the end. timeout: the sender is
  // too slow or gone.
  virtual Task<Result<size_t>> read(std::span<char> into) = 0;

  // Of the answer that was begun; 0: none was.
  virtual unsigned status() const = 0;

  // A whole answer.
  virtual Task<bool> reply(HttpReply answer) = 0;
  // An answer in parts, as they come; false: the reader is gone, stop. A part that is not taken in
  // time ends the connection.
  virtual Task<bool> begin(HttpReply head) = 0;
  virtual Task<bool> write(std::string_view part) = 0;
  virtual Task<bool> finish() = 0;

  // Whoever upgrades speaks on the stream from now on, as long as the handler runs; the connection
  // is closed afterwards. What arrived behind the head is in `early`.
  virtual HttpStream& take_over(std::string& early) = 0;
};

}  // namespace dray::notifier
