#include "broker/self_test.h"

#include <utility>

#include "broker/curve.h"

namespace dray {

Result<std::unique_ptr<SelfTest>> SelfTest::start(EventLoop& loop, ZmqContext& context,
                                                  SocketKind kind, const std::string& endpoint,
                                                  const std::string& server_key,
                                                  std::function<void(Status)> done) {
  CurveKeyPair stranger = generate_curve_keypair();
  const CurveClient client{server_key, stranger.public_key, std::move(stranger.secret_key)};
  SocketOptions options;
  options.client = &client;
  std::unique_ptr<SelfTest> test(new SelfTest(loop, std::move(done)));
  test->public_key_ = client.public_key;
  SelfTest* const self = test.get();
  DRAY_TRY_ASSIGN(test->socket_, ZmqSocket::make(loop, context, kind, options));
  DRAY_TRY(test->socket_->on_transport([self, endpoint](const ZmqTransportEvent& event) {
    if (event.kind == TransportEvent::key_refused) self->verdict({});
    if (event.kind == TransportEvent::handshake_done)
      self->verdict(fail(ErrorCode::denied,
                         "{}: a key that nobody knows was let in; nothing may be served like this",
                         endpoint));
  }));
  DRAY_TRY(test->socket_->connect(endpoint));
  test->timer_.start_once(kDeadline, [self, endpoint] {
    self->verdict(
        fail(ErrorCode::timeout, "{}: the self-test of the key check got no verdict", endpoint));
  });
  return test;
}

void SelfTest::verdict(Status status) {
  timer_.cancel();
  if (auto done = std::exchange(done_, nullptr)) done(std::move(status));
}

std::string reachable_endpoint(std::string endpoint) {
  static constexpr std::pair<std::string_view, std::string_view> kWildcards[] = {
      {"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
      {"tcp://[::]:", "tcp://[::1]:"},
      {"tcp://*:", "tcp://127.0.0.1:"},
  };
  for (const auto& [from, to] : kWildcards)
    if (endpoint.starts_with(from)) return endpoint.replace(0, from.size(), to);
  return endpoint;
}

}  // namespace dray
