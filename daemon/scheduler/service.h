// drayd on the bus: takes messages in, drives the shell (shell.h) turn by turn, arms the one timer,
// relays questions to workers, and does what can wait for an idle moment.
//
// Owner: main.cc. Thread: the loop's.
#pragma once

#include <memory>

#include "broker/bus.h"
#include "daemon/base/daemon_main.h"
#include "daemon/base/result.h"

namespace dray {

class SchedulerService {
 public:
  // Opens the database, loads the core and connects to the broker. Ready for work when it returns.
  static Result<std::unique_ptr<SchedulerService>> open(DaemonContext& context);
  ~SchedulerService();
  SchedulerService(const SchedulerService&) = delete;
  SchedulerService& operator=(const SchedulerService&) = delete;

  // Commits what waits and lets the last messages out.
  void stop();
  // After the configuration has changed.
  void reload();

 private:
  struct Impl;
  explicit SchedulerService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
