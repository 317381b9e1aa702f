// The rows of the route table, by subject.
#pragma once

#include <span>

#include "daemon/notifier/router.h"

namespace dray::notifier {

std::span<const Route> access_routes();   // setup, login, people, tokens, audit
std::span<const Route> catalog_routes();  // clients and remotes
std::span<const Route> job_routes();
std::span<const Route> run_routes();
std::span<const Route> version_routes();
std::span<const Route> system_routes();  // status, queue, bandwidth, workers, settings
std::span<const Route> notify_routes();  // channels, rules, templates, deliveries
std::span<const Route> export_routes();
std::span<const Route> upload_routes();
std::span<const Route> event_routes();
std::span<const Route> service_routes();  // health, metrics, the contract
std::span<const Route> former_routes();   // what the page of the former product asks

}  // namespace dray::notifier
