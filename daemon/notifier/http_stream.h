// A connection to a browser or program, with or without TLS. Satisfies Beast's AsyncStream, so that
// HTTP and WebSockets are written once for both.
//
// Deadlines: expires_after() holds for everything that is started until the next call; what runs
// into it ends with beast::error::timeout, and the connection is then of no use.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <utility>

#include "daemon/base/time.h"
#include "daemon/notifier/connection_tally.h"

namespace dray::notifier {

class HttpStream {
 public:
  using Plain = boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::any_io_executor,
                                           CountingPolicy>;
  using Tls = boost::beast::ssl_stream<Plain>;
  using executor_type = Plain::executor_type;

  // `context`: with TLS; null: without.
  HttpStream(boost::asio::ip::tcp::socket socket,
             std::shared_ptr<boost::asio::ssl::context> context,
             std::shared_ptr<ConnectionTally> tally)
      : tally_(std::move(tally)), context_(std::move(context)) {
    Plain plain(CountingPolicy(tally_), std::move(socket));
    if (context_)
      tls_ = std::make_unique<Tls>(std::move(plain), *context_);
    else
      plain_ = std::make_unique<Plain>(std::move(plain));
  }

  bool is_tls() const { return tls_ != nullptr; }
  Tls& tls() { return *tls_; }
  Plain& lowest() { return tls_ ? tls_->next_layer() : *plain_; }
  executor_type get_executor() { return lowest().get_executor(); }
  ConnectionTally& tally() { return *tally_; }
  // Of bytes that were written past the stream: how many were to go, and how many went.
  void count_written(size_t wanted, size_t written) {
    tally_->writing = wanted;
    CountingPolicy(tally_).transfer_write_bytes(written);
  }

  void expires_after(Duration time) { lowest().expires_after(time); }
  void expires_never() { lowest().expires_never(); }
  // At once; what is under way fails.
  void close() { lowest().close(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Token>(token))
                : plain_->async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (!tls_) tally_->writing = boost::beast::buffer_bytes(buffers);
    return tls_ ? tls_->async_write_some(buffers, std::forward<Token>(token))
                : plain_->async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  std::shared_ptr<ConnectionTally> tally_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<Plain> plain_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace dray::notifier
