// dray-notifier on its loop: the connection to the broker, the database, the HTTP server and what
// they share.
//
// Owner: main.cc. Thread: the loop's.
#pragma once

#include <memory>

#include "daemon/base/daemon_main.h"
#include "daemon/base/result.h"

namespace dray {

class NotifierService {
 public:
  // Listens when it returns.
  static Result<std::unique_ptr<NotifierService>> open(DaemonContext& context);
  ~NotifierService();
  NotifierService(const NotifierService&) = delete;
  NotifierService& operator=(const NotifierService&) = delete;

  // No further requests; then the loop is stopped.
  void stop();
  // After the configuration has changed: reads the certificate and the page again.
  void reload();

 private:
  struct Impl;
  explicit NotifierService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
