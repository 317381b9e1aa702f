// The inside of the notifier's service; for service*.cc alone.
#pragma once

#include "broker/bus.h"
#include "daemon/notifier/api.h"
#include "daemon/notifier/http_server.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/notifier/metrics.h"
#include "daemon/notifier/notifications.h"
#include "daemon/notifier/service.h"
#include "daemon/notifier/static_files.h"

namespace dray {

struct NotifierService::Impl {
  static constexpr Duration kReportUse = seconds{30};
  static constexpr Duration kSetupCheck = seconds{1};
  static constexpr Duration kDatabaseCheck = milliseconds{100};
  static constexpr Duration kStopCheck = milliseconds{20};
  static constexpr Duration kStopPatience = seconds{2};
  static constexpr size_t kMaxShownConnections = 2000;

  Impl(DaemonContext& context_in, std::unique_ptr<Bus> bus_in);
  Status begin();
  void load_page();
  void listen_to_bus();
  void report_use();
  // Says the one-time link as soon as it is known that there is nobody yet.
  void announce();
  void set_up_done();
  // Ends the loop as soon as no request is left, or when the time is over.
  void stop_when_idle(Instant give_up);
  notifier::ConnectionOptions connection_options();

  DaemonContext& context;
  std::unique_ptr<Bus> bus;
  notifier::Database database;
  notifier::VerbClient verbs;
  notifier::Access access;
  notifier::Gate gate;
  notifier::Router router;
  notifier::Metrics metrics;
  notifier::StaticFiles files;
  std::shared_ptr<notifier::Uploads> uploads = std::make_shared<notifier::Uploads>();
  notifier::Api api;
  std::unique_ptr<notifier::HttpServer> server;
  std::unique_ptr<notify::Notifications> notifications;
  Timer use_timer;
  Timer setup_timer;
  Timer stop_timer;
  std::string announced;  // where the link was written; "": nowhere
};

}  // namespace dray
