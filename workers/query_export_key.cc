#include "workers/query_export_key.h"

#include "daemon/base/log.h"
#include "schemas/crypt_key.h"
#include "schemas/json_fields.h"

namespace dray::worker {
namespace {

struct ExportArgs {
  std::string public_key;
  std::string asked_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("public_key", self.public_key);
    visit.optional("asked_by", self.asked_by);
  }
};

Result<std::string> exported(const QueryStart& start) {
  DRAY_TRY_ASSIGN(const ExportArgs args, from_json<ExportArgs>(start.query.body));
  DRAY_TRY_ASSIGN(const SealingKey asker, parse_sealing_key(args.public_key));
  const RunSpec& spec = start.query.spec;
  DRAY_TRY_ASSIGN(const CryptKey key, open_crypt_key(start.context.keys, spec.job, spec.crypt_key));
  // A trace on this machine as well: the scheduler's could be edited by who holds its database.
  log_warn({"key.exported", {{"job", spec.job}, {"asked_by", args.asked_by}}},
           "the passwords of job {} go to {}, sealed to key {}", spec.job, args.asked_by,
           fingerprint(asker));
  return to_json(seal_exported_key(asker, spec.job, key));
}

}  // namespace

std::unique_ptr<RunningQuery> query_export_key(QueryStart start) {
  Result<std::string> answer = exported(start);
  return answer_at_once(std::move(start), std::move(answer));
}

}  // namespace dray::worker
