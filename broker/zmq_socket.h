// ZeroMQ sockets on the event loop. zmq_socket.cc is the only place that includes zmq's header.
//
// ZMQ_FD is edge-triggered: after every send and receive the socket asks ZMQ_EVENTS again, so that
// no wake-up is lost. A socket hands over at most kMessagesPerTurn messages and kBytesPerTurn bytes
// in one turn of the loop and goes on in the next one: one flooding peer takes neither the other
// sockets' turns nor (zmq serves the peers of a socket in turn) its neighbours'.
//
// Thread: that of the loop. A socket may be destroyed anywhere but inside its own handlers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/bus.h"
#include "daemon/base/event_loop.h"

namespace dray {

enum class SocketKind { router, dealer, pub, sub, xpub, pair };

// Owns zmq's I/O thread. One per process; must outlive its sockets.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  void* handle() const { return handle_; }

 private:
  void* handle_;
};

struct SocketOptions {
  // Messages per peer that zmq holds; a frame is a batch, so this is far above any credit.
  int send_high_water = 1000;
  int receive_high_water = 1000;
  // A server that proves itself with this secret key (Z85) and asks the ZAP handler about every
  // peer, naming `zap_domain`. Borrowed during make().
  const SecretString* server_secret_key = nullptr;
  std::string zap_domain;
  const CurveClient* client = nullptr;  // the other end. Borrowed during make().
};

// One message. Reused by the socket: valid inside the handler.
struct ZmqIncoming {
  // More frames than this are read and thrown away; `frames` counts them all.
  static constexpr size_t kMaxParts = 12;
  std::vector<std::string> parts;  // at least frames or kMaxParts of them are filled
  size_t frames = 0;
  std::string user_id;  // from ZAP; empty: not authenticated
  int fd = -1;          // of the connection: matches ZmqTransportEvent::fd
  std::string_view part(size_t index) const { return parts[index]; }
};

enum class SendOutcome {
  sent,
  full,         // the way is full: try again after on_writable
  unreachable,  // router: no such peer
};

enum class TransportEvent {
  connected,
  disconnected,
  handshake_done,
  key_refused,      // ZAP said no
  handshake_broken  // another mechanism, version or kind of socket
};
struct ZmqTransportEvent {
  TransportEvent kind{};
  int fd = -1;
};

class ZmqSocket {
 public:
  static constexpr size_t kMessagesPerTurn = 64;
  static constexpr size_t kBytesPerTurn = 1 << 20;

  // exhausted: no more sockets; invalid: a key is malformed.
  static Result<std::unique_ptr<ZmqSocket>> make(EventLoop& loop, ZmqContext& context,
                                                 SocketKind kind, const SocketOptions& options);
  ~ZmqSocket();
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;

  Status bind(const std::string& endpoint);
  // Goes on trying until it works, with growing pauses and jitter.
  Status connect(const std::string& endpoint);
  std::string last_endpoint() const;  // with the port that a "tcp://...:*" got
  Status subscribe(std::string_view topic);
  Status unsubscribe(std::string_view topic);

  void on_message(std::function<void(const ZmqIncoming&)> handler);
  // Some way may be free again: whoever was told `full` tries. A router may miss the moment of one
  // peer: its owner also tries by timer.
  void on_writable(std::function<void()> handler);
  // Connections as zmq's I/O thread sees them. Call before bind or connect.
  Status on_transport(std::function<void(const ZmqTransportEvent&)> handler);
  // The socket broke: nothing more will arrive.
  void on_failure(std::function<void(const Error&)> handler);

  // All parts or none.
  SendOutcome send(const std::string_view* parts, size_t count);
  SendOutcome send(std::initializer_list<std::string_view> parts) {
    return send(parts.begin(), parts.size());
  }

 private:
  struct Impl;
  explicit ZmqSocket(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace dray
