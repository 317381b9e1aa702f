// Listens, counts and turns away: connections in all and per address, before a byte is read of
// them. What a connection then does is in http_connection.h.
//
// Thread: the loop's. Owner: the service.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"
#include "daemon/notifier/http_connection.h"

namespace dray::notifier {

class HttpServer {
 public:
  HttpServer(EventLoop& loop, const Config::Notifier& config, ConnectionOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds all addresses of the configuration. conflict: one is taken.
  Status listen();
  // Where it listens, "http://127.0.0.1:7340", with the ports that were chosen for port 0.
  std::vector<std::string> addresses() const;
  // Reads the certificate again; the old one stays on failure.
  Status reload_certificate();
  // No further connections; the ones there are closed.
  void stop();

  struct Counters {
    uint64_t accepted = 0;
    uint64_t turned_away = 0;
    size_t open = 0;
  };
  Counters counters() const;
  // Of open connections, oldest first. `client`: only those that spoke for it last; "": all.
  std::vector<ConnectionTally> connections(const std::string& client, size_t at_most) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::notifier
