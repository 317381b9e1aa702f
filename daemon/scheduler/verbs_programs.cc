// worker.programs: which hooks and commands jobs may name. The worker's configuration knows.
#include "daemon/base/quote.h"
#include "daemon/scheduler/verbs.h"

namespace dray::verbs {
namespace {

struct ProgramsArgs {
  std::string name;  // of the worker; empty: any that is connected
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
  }
};

}  // namespace

Result<std::string> worker_programs(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ProgramsArgs args, arguments<ProgramsArgs>(body));
  for (const scheduler::WorkerView& worker : context.core.status().workers) {
    if (!worker.connected || (!args.name.empty() && worker.row.name != args.name)) continue;
    const std::optional<SessionId> session = context.core.session_of(worker.row.name);
    if (!session) continue;
    WorkerQuery query;
    query.kind = "worker.programs";
    query.body = "{}";
    context.later = Relay{*session, std::move(query)};
    return "";
  }
  if (args.name.empty()) return fail(ErrorCode::unavailable, "no worker is connected");
  return fail(ErrorCode::unavailable, "worker {} is not connected", quoted(args.name));
}

}  // namespace dray::verbs
