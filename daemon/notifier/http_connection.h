// One connection: reads requests within limits of size and time, has them answered one after the
// other, and closes.
//
// Thread: the loop's. Lives in the coroutine that serve() starts.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/notifier/exchange.h"

namespace dray::notifier {

// How long a peer may take. Short where it holds a connection for nothing.
struct HttpTimes {
  Duration handshake = seconds{10};
  Duration idle = seconds{75};   // between requests
  Duration head = seconds{10};   // from its first byte to its end
  Duration body = seconds{30};   // of JSON, as a whole
  Duration part = seconds{30};   // of a long body or answer: until something moves
  Duration linger = seconds{2};  // for what a peer still sends when it was refused
};

struct ConnectionFacts {
  std::string address;  // of the peer, without its port
  bool tls = false;
};

// Answers what was read; called once per request, which is complete but for a long body.
using RequestHandler = std::function<Task<void>(Exchange&, HttpRequest&)>;
// Which body the handler reads itself: true for long ones. Asked when the head is read.
using StreamsBody = std::function<bool(const HttpRequest&)>;

struct ConnectionOptions {
  HttpTimes times;
  RequestHandler handle;
  StreamsBody streams_body;
};

Task<void> serve_connection(HttpStream stream, ConnectionFacts facts,
                            std::shared_ptr<const ConnectionOptions> options);

}  // namespace dray::notifier
