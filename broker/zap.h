// Asks about every CURVE peer (ZeroMQ RFC 27). libzmq lets everybody in when nobody answers there,
// so the handler is made before any socket is bound, lives longer than all of them, and a self-test
// proves at the start and from then on that an unknown key is refused (self_test.h).
//
// Thread: that of the loop. A loop that hangs answers nobody, and libzmq then cuts the peer off.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/curve.h"
#include "broker/zmq_socket.h"

namespace dray {

// The domain of a socket decides which roles it takes (zap.cc).
inline constexpr std::string_view kDomainRequests = "dray.requests";
inline constexpr std::string_view kDomainProgress = "dray.progress";
inline constexpr std::string_view kDomainEvents = "dray.events";

class ZapHandler {
 public:
  // `keys` may change at any time; it is asked anew for every connection.
  static Result<std::unique_ptr<ZapHandler>> make(EventLoop& loop, ZmqContext& context,
                                                  const AuthorizedKeys& keys);
  // The handler's own socket broke: everybody would be let in from now on. Leave the process.
  void on_failure(std::function<void(const Error&)> handler);

  // Keys of the broker's own self-test: their refusal is no news. Replaces those before.
  void expect_refusal_of(std::vector<std::string> public_keys) {
    expected_ = std::move(public_keys);
  }

  uint64_t accepted() const { return accepted_; }
  uint64_t refused() const { return refused_; }

 private:
  explicit ZapHandler(const AuthorizedKeys& keys) : keys_(keys) {}
  void answer(const ZmqIncoming& request);
  void log_refusal(const ZmqIncoming& request, const Credential* known);

  const AuthorizedKeys& keys_;
  std::vector<std::string> expected_;
  std::unique_ptr<ZmqSocket> socket_;
  uint64_t accepted_ = 0;
  uint64_t refused_ = 0;
  SystemClock clock_;
  Instant last_logged_{Duration::min() / 2};
};

}  // namespace dray
