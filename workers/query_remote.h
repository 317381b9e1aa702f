// Questions about remotes (see queries.h). The remote is the query's spec.source, with everything
// it refers to in spec.remotes; the answers are those of schemas/answers_remotes.h.
#pragma once

#include <memory>

#include "workers/queries.h"

namespace dray::worker {

// "remote.about" {}: RemoteSpace.
std::unique_ptr<RunningQuery> query_remote_about(QueryStart start);
// "remote.browse" {files?}: RemoteEntries of spec.source.path; without `files` directories only.
std::unique_ptr<RunningQuery> query_remote_browse(QueryStart start);

// "remote.providers" {type?}: ProvidersAnswer of schemas/rclone_backends.h.
std::unique_ptr<RunningQuery> query_remote_providers(QueryStart start);
// "remote.host_key" {host, port?}: HostKeysAnswer. The server is asked by ssh-keyscan.
std::unique_ptr<RunningQuery> query_remote_host_key(QueryStart start);
// "remote.merge" {patch}: MergedRemote of spec.source's remote.
std::unique_ptr<RunningQuery> query_remote_merge(QueryStart start);

}  // namespace dray::worker
