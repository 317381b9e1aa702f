#include "daemon/scheduler/default_destination.h"

#include "daemon/base/quote.h"

namespace dray::scheduler {

Result<Endpoint> default_destination(const Endpoint& store, const JobSpec& spec) {
  if (store.remote.empty())
    return fail(ErrorCode::invalid,
                "job {}: destination: is missing, and the scheduler's configuration names no store "
                "in [destination.default]",
                quoted(spec.name));
  const bool joined = store.path.empty() || store.path.ends_with('/');
  return Endpoint{store.remote,
                  fmt::format("{}{}{}/{}", store.path, joined ? "" : "/", spec.client, spec.name)};
}

}  // namespace dray::scheduler
