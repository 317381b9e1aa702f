// What Prometheus gets: the numbers of the notifier and those that the database tells.
#pragma once

#include <string>

#include "daemon/notifier/database.h"
#include "daemon/notifier/http_server.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/notifier/metrics.h"
#include "daemon/notifier/notifications.h"
#include "daemon/notifier/verb_client.h"

namespace dray::notifier {

struct MetricsSources {
  Database& database;
  VerbClient& verbs;
  const Metrics& metrics;
  const HttpServer& server;
  const notify::Notifications& notifications;
  const LiveHub& live;
};

// Who belongs to a client gets its numbers alone. What only drayd knows is left out while that is
// away.
Task<Result<std::string>> metrics_report(MetricsSources sources, Identity who);

}  // namespace dray::notifier
