// Knocks at one of the broker's own CURVE sockets with a key that nobody knows. libzmq accepts
// every key when its ZAP handler is away, without a word; this is how the broker would notice.
//
// Thread: that of the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/zmq_socket.h"

namespace dray {

class SelfTest {
 public:
  static constexpr Duration kDeadline = seconds{5};

  // `kind` is what speaks to the socket at `endpoint` (dealer to a router, pub to a sub, sub to an
  // xpub). `done` is called once: denied: the key was let in; timeout: no verdict in time.
  static Result<std::unique_ptr<SelfTest>> start(EventLoop& loop, ZmqContext& context,
                                                 SocketKind kind, const std::string& endpoint,
                                                 const std::string& server_key,
                                                 std::function<void(Status)> done);

  // What it knocks with, so that nobody takes its refusal for that of a peer.
  const std::string& public_key() const { return public_key_; }

 private:
  SelfTest(EventLoop& loop, std::function<void(Status)> done)
      : timer_(loop), done_(std::move(done)) {}
  void verdict(Status status);

  std::unique_ptr<ZmqSocket> socket_;
  std::string public_key_;
  Timer timer_;
  std::function<void(Status)> done_;
};

// Where to knock when the broker listens at `endpoint`: a wildcard address becomes loopback.
std::string reachable_endpoint(std::string endpoint);

}  // namespace dray
