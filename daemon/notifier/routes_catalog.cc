// Clients and remotes.
#include "daemon/notifier/call.h"
#include "daemon/notifier/remote_intake.h"
#include "daemon/notifier/route_tables.h"

namespace dray::notifier {
namespace {

#define DRAY_CLIENT "/api/v1/clients/{client}"
#define DRAY_REMOTE DRAY_CLIENT "/remotes/{remote}"

constexpr std::string_view kRemotePath = "client=client name=remote";

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/clients",
     .reply = by_verb,
     .verb = {.name = "client.list"}},
    {.method = Method::post,
     .pattern = "/api/v1/clients",
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .status = 201,
     .verb = {.name = "client.put", .constants = "\"create\":true", .unwrap = "client"}},
    {.method = Method::get,
     .pattern = DRAY_CLIENT,
     .reply = by_verb,
     .etag = true,
     .verb = {.name = "client.list", .pick = "clients", .pick_kind = "client"}},
    {.method = Method::patch,
     .pattern = DRAY_CLIENT,
     .need = Need::admin,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "client.put",
              .from_path = "name=client",
              .constants = "\"create\":false",
              .unwrap = "client"}},
    {.method = Method::remove,
     .pattern = DRAY_CLIENT,
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "client.remove", .from_path = "name=client"}},
    {.method = Method::post,
     .pattern = DRAY_CLIENT "/pause",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "client.pause", .from_path = "name=client", .constants = "\"paused\":true"}},
    {.method = Method::post,
     .pattern = DRAY_CLIENT "/resume",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "client.pause", .from_path = "name=client", .constants = "\"paused\":false"}},

    {.method = Method::get,
     .pattern = "/api/v1/remotes",
     .reply = by_verb,
     .verb = {.name = "remote.list", .from_query = "client"}},
    {.method = Method::post,
     .pattern = "/api/v1/remotes",
     .need = Need::admin,
     .reply = create_remote,
     .takes_json = true,
     .status = 201},
    {.method = Method::get,
     .pattern = DRAY_REMOTE,
     .reply = by_verb,
     .etag = true,
     .verb =
         {.name = "remote.list", .from_path = "client", .pick = "remotes", .pick_kind = "remote"}},
    {.method = Method::patch,
     .pattern = DRAY_REMOTE,
     .need = Need::admin,
     .reply = change_remote,
     .takes_json = true},
    {.method = Method::remove,
     .pattern = DRAY_REMOTE,
     .need = Need::admin,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "remote.remove", .from_path = kRemotePath}},
    {.method = Method::post,
     .pattern = DRAY_REMOTE "/test",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "remote.test", .from_path = kRemotePath, .from_query = "path"}},
    {.method = Method::get,
     .pattern = DRAY_REMOTE "/space",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "remote.about", .from_path = kRemotePath, .from_query = "path"}},
    {.method = Method::get,
     .pattern = DRAY_REMOTE "/entries",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "remote.browse", .from_path = kRemotePath, .from_query = "path files?"}},
    {.method = Method::get,
     .pattern = "/api/v1/remote-types",
     .reply = by_verb,
     .verb = {.name = "remote.types"}},
    {.method = Method::get,
     .pattern = "/api/v1/remote-types/{type}",
     .reply = by_verb,
     .verb = {.name = "remote.types", .from_path = "type"}},
    {.method = Method::get,
     .pattern = "/api/v1/host-keys",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "remote.host_key", .from_query = "host port"}},
};

}  // namespace

std::span<const Route> catalog_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
