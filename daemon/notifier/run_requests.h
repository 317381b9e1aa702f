// Handlers about runs that are more than a verb.
#pragma once

#include "daemon/notifier/call.h"
#include "daemon/store/store_queries.h"

namespace dray::notifier {

Task<HttpReply> list_runs(Call& call);
Task<HttpReply> show_run(Call& call);
Task<HttpReply> show_queue(Call& call);
Task<HttpReply> start_run(Call& call);
Task<HttpReply> retry_run(Call& call);
Task<HttpReply> restore_version(Call& call);
Task<HttpReply> cancel_run(Call& call);
Task<HttpReply> cancel_runs(Call& call);
Task<HttpReply> pause_run(Call& call);
Task<HttpReply> resume_run(Call& call);

// The filter that the query of a list of runs asks for, held to the client of whoever asks.
Result<store::RunFilter> run_filter(const Call& call);

// The number in the path. invalid: it is none.
Result<RunId> run_parameter(const Call& call);

}  // namespace dray::notifier
