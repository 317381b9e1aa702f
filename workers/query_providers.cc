// What rclone can talk to, as it was when the worker started.
#include "daemon/base/quote.h"
#include "schemas/json_fields.h"
#include "workers/query_remote.h"

namespace dray::worker {
namespace {

struct ProvidersArgs {
  std::string type;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("type", self.type);
  }
};

Result<std::string> providers(const RunContext& context, const std::string& body) {
  DRAY_TRY_ASSIGN(const ProvidersArgs args, from_json<ProvidersArgs>(body.empty() ? "{}" : body));
  ProvidersAnswer answer;
  answer.rclone_version = context.version_text;
  if (context.backends == nullptr)
    return fail(ErrorCode::unavailable, "the worker does not know what its rclone can do");
  if (!args.type.empty()) {
    const RcloneBackend* backend = context.backends->find(args.type);
    if (backend == nullptr)
      return fail(ErrorCode::not_found, "rclone {} of the worker has no backend {}",
                  context.version_text, quoted(args.type));
    answer.backends.push_back(*backend);
    return to_json(answer);
  }
  for (const RcloneBackend& backend : context.backends->all()) {
    RcloneBackend& row = answer.backends.emplace_back(backend);
    row.options.clear();
  }
  return to_json(answer);
}

}  // namespace

std::unique_ptr<RunningQuery> query_remote_providers(QueryStart start) {
  Result<std::string> answer = providers(start.context, start.query.body);
  return answer_at_once(std::move(start), std::move(answer));
}

}  // namespace dray::worker
