// What Prometheus gets: the numbers of the notifier and those that the database tells.
#pragma once

#include <string>

#include "daemon/notifier/database.h"
#include "daemon/notifier/http_server.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/notifier/metrics.h"

namespace dray::notifier {

// `client`: only of this one; "": of all.
Task<Result<std::string>> metrics_report(Database& database, const Metrics& metrics,
                                         const HttpServer& server, const LiveHub& live,
                                         std::string client);

}  // namespace dray::notifier
