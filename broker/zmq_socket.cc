#include "broker/zmq_socket.h"

#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "schemas/limits.h"

namespace dray {
namespace {

// What libzmq is told about every socket. Milliseconds where it is a time.
constexpr int kHandshakeMs = 5'000;  // a peer that connects and stays silent is cut off
constexpr int kHeartbeatMs = 5'000;  // ZMTP pings find dead connections; the Bus finds dead peers
constexpr int kHeartbeatTimeoutMs = 15'000;
constexpr int kReconnectMs = 100;  // libzmq adds up to as much at random
constexpr int kReconnectMaxMs = 2'000;
constexpr int kBacklog = 1'024;

struct IntOption {
  int name;
  int value;
};
constexpr IntOption kCommonOptions[] = {
    {ZMQ_LINGER, 0},
    {ZMQ_MAXMSGSIZE, static_cast<int>(limits::kMaxFrameBytes)},
    {ZMQ_HANDSHAKE_IVL, kHandshakeMs},
    {ZMQ_HEARTBEAT_IVL, kHeartbeatMs},
    {ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs},
    {ZMQ_HEARTBEAT_TTL, kHeartbeatTimeoutMs},
    {ZMQ_RECONNECT_IVL, kReconnectMs},
    {ZMQ_RECONNECT_IVL_MAX, kReconnectMaxMs},
    {ZMQ_BACKLOG, kBacklog},
    {ZMQ_IPV6, 1},
};

struct KindRow {
  SocketKind kind;
  int zmq_type;
  IntOption options[2];
};
constexpr IntOption kNoOption{-1, 0};
constexpr KindRow kKinds[] = {
    // HANDOVER stays off: with it a peer could take over another one's routing id.
    {SocketKind::router, ZMQ_ROUTER, {{ZMQ_ROUTER_MANDATORY, 1}, {ZMQ_ROUTER_HANDOVER, 0}}},
    {SocketKind::dealer, ZMQ_DEALER, {{ZMQ_IMMEDIATE, 1}, kNoOption}},
    {SocketKind::pub, ZMQ_PUB, {{ZMQ_IMMEDIATE, 1}, kNoOption}},
    {SocketKind::sub, ZMQ_SUB, {kNoOption, kNoOption}},
    // Every subscription is reported, also a repeated one: each wants the last pictures.
    {SocketKind::xpub, ZMQ_XPUB, {{ZMQ_XPUB_VERBOSE, 1}, kNoOption}},
    {SocketKind::pair, ZMQ_PAIR, {kNoOption, kNoOption}},
};

struct TransportRow {
  int zmq_event;
  TransportEvent kind;
};
constexpr TransportRow kTransportEvents[] = {
    {ZMQ_EVENT_CONNECTED, TransportEvent::connected},
    {ZMQ_EVENT_DISCONNECTED, TransportEvent::disconnected},
    {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, TransportEvent::handshake_done},
    {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, TransportEvent::key_refused},
    {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, TransportEvent::handshake_broken},
};

std::unexpected<Error> fail_zmq(std::string_view context) {
  const int error = zmq_errno();
  if (error < ZMQ_HAUSNUMERO) return fail_errno(error, context);
  return fail(ErrorCode::io, "{}: {}", context, zmq_strerror(error));
}

Status set_int(void* socket, int name, int value) {
  const int64_t wide = value;
  const bool is_wide = name == ZMQ_MAXMSGSIZE;
  const int rc = is_wide ? zmq_setsockopt(socket, name, &wide, sizeof wide)
                         : zmq_setsockopt(socket, name, &value, sizeof value);
  if (rc != 0) return fail_zmq("socket option");
  return {};
}

Status set_key(void* socket, int name, std::string_view key, std::string_view what) {
  std::string text(key);
  const int rc = zmq_setsockopt(socket, name, text.c_str(), text.size() + 1);
  wipe(text);
  if (rc != 0) return fail(ErrorCode::invalid, "{} is not a key of 40 Z85 characters", what);
  return {};
}

// An owned zmq message.
class Part {
 public:
  Part() { zmq_msg_init(&message_); }
  ~Part() { zmq_msg_close(&message_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  zmq_msg_t* get() { return &message_; }
  std::string_view view() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  bool more() { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

}  // namespace

ZmqContext::ZmqContext() : handle_(zmq_ctx_new()) {
  DRAY_CHECK(handle_ != nullptr, "zmq_ctx_new");
  zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, 1'023);
}

ZmqContext::~ZmqContext() {
  while (zmq_ctx_term(handle_) != 0 && zmq_errno() == EINTR) {
  }
}

struct ZmqSocket::Impl : std::enable_shared_from_this<ZmqSocket::Impl> {
  Impl(EventLoop& loop_in, ZmqContext& context_in) : loop(loop_in), context(context_in) {}
  ~Impl() {
    watch.reset();
    if (socket != nullptr) zmq_close(socket);
  }

  Status open(SocketKind kind, const SocketOptions& options);
  Status set_curve(const SocketOptions& options);
  void check_soon();
  void check(bool woken);
  void drain();
  bool receive();  // false: nothing there
  void go_on_next_turn();
  void transport_frame(const ZmqIncoming& message);

  EventLoop& loop;
  ZmqContext& context;
  void* socket = nullptr;
  std::unique_ptr<EventLoop::Watch> watch;
  std::unique_ptr<ZmqSocket> monitor;
  std::function<void(const ZmqIncoming&)> message_handler;
  std::function<void()> writable_handler;
  std::function<void(const ZmqTransportEvent&)> transport_handler;
  std::function<void(const Error&)> failure_handler;
  ZmqIncoming incoming;
  bool check_posted = false;
  bool waits_for_turn = false;  // this turn's share is used up
  bool writable_wanted = false;
  bool is_router = false;
};

Status ZmqSocket::Impl::open(SocketKind kind, const SocketOptions& options) {
  const KindRow* row = nullptr;
  for (const KindRow& candidate : kKinds)
    if (candidate.kind == kind) row = &candidate;
  DRAY_CHECK(row != nullptr, "a socket kind without a row");
  is_router = kind == SocketKind::router;
  socket = zmq_socket(context.handle(), row->zmq_type);
  if (socket == nullptr) return fail_zmq("zmq socket");
  for (const IntOption& option : kCommonOptions)
    DRAY_TRY(set_int(socket, option.name, option.value));
  for (const IntOption& option : row->options)
    if (option.name != kNoOption.name) DRAY_TRY(set_int(socket, option.name, option.value));
  DRAY_TRY(set_int(socket, ZMQ_SNDHWM, options.send_high_water));
  DRAY_TRY(set_int(socket, ZMQ_RCVHWM, options.receive_high_water));
  DRAY_TRY(set_curve(options));
  int fd = -1;
  size_t size = sizeof fd;
  if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) != 0) return fail_zmq("zmq socket");
  incoming.parts.resize(ZmqIncoming::kMaxParts);
  watch = loop.watch_readable(fd, [this] { check(true); });
  return {};
}

Status ZmqSocket::Impl::set_curve(const SocketOptions& options) {
  if (options.server_secret_key != nullptr) {
    DRAY_CHECK(!options.zap_domain.empty(), "a CURVE server without a ZAP domain");
    DRAY_TRY(set_int(socket, ZMQ_CURVE_SERVER, 1));
    DRAY_TRY(set_key(socket, ZMQ_CURVE_SECRETKEY, options.server_secret_key->reveal(),
                     "the broker's secret key"));
    const std::string& domain = options.zap_domain;
    if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain.data(), domain.size()) != 0)
      return fail_zmq("ZAP domain");
  }
  if (options.client != nullptr) {
    const CurveClient& client = *options.client;
    DRAY_TRY(set_key(socket, ZMQ_CURVE_SERVERKEY, client.server_key, "the broker's public key"));
    DRAY_TRY(set_key(socket, ZMQ_CURVE_PUBLICKEY, client.public_key, "the public key"));
    DRAY_TRY(set_key(socket, ZMQ_CURVE_SECRETKEY, client.secret_key.reveal(), "the secret key"));
  }
  return {};
}

void ZmqSocket::Impl::check_soon() {
  if (std::exchange(check_posted, true)) return;
  loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->check_posted = false;
      self->check(false);
    }
  });
}

// `woken`: by zmq itself. Only then does a router ask its owner to try full ways again: it counts
// as writable as soon as any peer is, so that asking after every send would spin.
void ZmqSocket::Impl::check(bool woken) {
  const auto keep = shared_from_this();
  int events = 0;
  size_t size = sizeof events;
  if (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0) {
    if (zmq_errno() == EINTR) return check_soon();
    watch.reset();
    if (failure_handler) failure_handler(fail_zmq("zmq socket").error());
    return;
  }
  if ((events & ZMQ_POLLOUT) != 0 && writable_wanted && (woken || !is_router)) {
    writable_wanted = false;
    if (writable_handler) writable_handler();
  }
  if ((events & ZMQ_POLLIN) != 0 && !waits_for_turn && message_handler) drain();
}

void ZmqSocket::Impl::drain() {
  size_t bytes = 0;
  for (size_t messages = 0; messages < kMessagesPerTurn && bytes < kBytesPerTurn; ++messages) {
    if (!receive()) return;
    for (size_t i = 0; i < std::min(incoming.frames, ZmqIncoming::kMaxParts); ++i)
      bytes += incoming.parts[i].size();
    message_handler(incoming);
  }
  go_on_next_turn();
}

// A hook runs after all handlers of this turn; what it posts belongs to the next one.
void ZmqSocket::Impl::go_on_next_turn() {
  waits_for_turn = true;
  loop.at_end_of_turn([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->waits_for_turn = false;
      self->check_soon();
    }
  });
}

bool ZmqSocket::Impl::receive() {
  incoming.frames = 0;
  incoming.user_id.clear();
  for (bool more = true; more;) {
    Part part;
    int rc = 0;
    do {
      rc = zmq_msg_recv(part.get(), socket, ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc < 0) return false;
    if (incoming.frames < ZmqIncoming::kMaxParts) incoming.parts[incoming.frames] = part.view();
    ++incoming.frames;
    more = part.more();
    if (more) continue;
    incoming.fd = zmq_msg_get(part.get(), ZMQ_SRCFD);
    if (const char* user = zmq_msg_gets(part.get(), "User-Id")) incoming.user_id = user;
  }
  return true;
}

void ZmqSocket::Impl::transport_frame(const ZmqIncoming& message) {
  if (message.frames != 2 || message.part(0).size() < 6 || !transport_handler) return;
  uint16_t event = 0;
  int32_t value = 0;
  std::memcpy(&event, message.part(0).data(), sizeof event);
  std::memcpy(&value, message.part(0).data() + sizeof event, sizeof value);
  for (const TransportRow& row : kTransportEvents)
    if (row.zmq_event == event) transport_handler({row.kind, value});
}

// ── The public face ─────────────────────────────────────────────────────────────────────────────

ZmqSocket::ZmqSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ZmqSocket::~ZmqSocket() {
  if (impl_->monitor) {
    zmq_socket_monitor(impl_->socket, nullptr, 0);
    impl_->monitor.reset();
  }
  impl_->watch.reset();
}

Result<std::unique_ptr<ZmqSocket>> ZmqSocket::make(EventLoop& loop, ZmqContext& context,
                                                   SocketKind kind, const SocketOptions& options) {
  auto impl = std::make_shared<Impl>(loop, context);
  DRAY_TRY(impl->open(kind, options));
  return std::unique_ptr<ZmqSocket>(new ZmqSocket(std::move(impl)));
}

Status ZmqSocket::bind(const std::string& endpoint) {
  if (zmq_bind(impl_->socket, endpoint.c_str()) != 0)
    return fail_zmq(fmt::format("listen on {}", endpoint));
  impl_->check_soon();
  return {};
}

Status ZmqSocket::connect(const std::string& endpoint) {
  if (zmq_connect(impl_->socket, endpoint.c_str()) != 0)
    return fail_zmq(fmt::format("connect to {}", endpoint));
  impl_->check_soon();
  return {};
}

std::string ZmqSocket::last_endpoint() const {
  std::array<char, 256> text{};
  size_t size = text.size();
  if (zmq_getsockopt(impl_->socket, ZMQ_LAST_ENDPOINT, text.data(), &size) != 0) return "";
  return text.data();
}

Status ZmqSocket::subscribe(std::string_view topic) {
  if (zmq_setsockopt(impl_->socket, ZMQ_SUBSCRIBE, topic.data(), topic.size()) != 0)
    return fail_zmq("subscribe");
  return {};
}

Status ZmqSocket::unsubscribe(std::string_view topic) {
  if (zmq_setsockopt(impl_->socket, ZMQ_UNSUBSCRIBE, topic.data(), topic.size()) != 0)
    return fail_zmq("unsubscribe");
  return {};
}

void ZmqSocket::on_message(std::function<void(const ZmqIncoming&)> handler) {
  impl_->message_handler = std::move(handler);
  impl_->check_soon();
}

void ZmqSocket::on_writable(std::function<void()> handler) {
  impl_->writable_handler = std::move(handler);
}

Status ZmqSocket::on_transport(std::function<void(const ZmqTransportEvent&)> handler) {
  static uint64_t monitors = 0;
  const std::string endpoint = fmt::format("inproc://dray.monitor.{}", ++monitors);
  int wanted = 0;
  for (const TransportRow& row : kTransportEvents)
    wanted |= row.zmq_event;
  if (zmq_socket_monitor(impl_->socket, endpoint.c_str(), wanted) != 0) return fail_zmq("monitor");
  DRAY_TRY_ASSIGN(impl_->monitor, make(impl_->loop, impl_->context, SocketKind::pair, {}));
  impl_->transport_handler = std::move(handler);
  Impl* const impl = impl_.get();
  impl_->monitor->on_message(
      [impl](const ZmqIncoming& message) { impl->transport_frame(message); });
  return impl_->monitor->connect(endpoint);
}

void ZmqSocket::on_failure(std::function<void(const Error&)> handler) {
  impl_->failure_handler = std::move(handler);
}

SendOutcome ZmqSocket::send(const std::string_view* parts, size_t count) {
  impl_->check_soon();  // sending may have swallowed the wake-up of something that arrived
  for (size_t i = 0; i < count; ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
    int rc = 0;
    do {
      rc = zmq_send(impl_->socket, parts[i].data(), parts[i].size(), flags);
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 0) continue;
    if (zmq_errno() == EHOSTUNREACH) return SendOutcome::unreachable;
    impl_->writable_wanted = true;
    return SendOutcome::full;
  }
  return SendOutcome::sent;
}

}  // namespace dray
