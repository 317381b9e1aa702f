#include "ops/job_key.h"

#include "ops/remote_seal.h"
#include "schemas/crypt_key.h"
#include "schemas/job.h"

namespace dray::ops {
Status add_crypt_key(Context& context, Json& body) {
  DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(dump_json(body, -1)));
  if (!needs_crypt_key(document.root())) return {};
  DRAY_TRY_ASSIGN(body["crypt_key"], new_crypt_key(context, member_text(body, "name")));
  return {};
}

Result<Json> new_crypt_key(Context& context, const std::string& job) {
  DRAY_TRY_ASSIGN(const SealingKey workers, workers_key(context));
  const SealedCryptKey box = seal_crypt_key(workers, job, make_crypt_key());
  return Json{{"sealed", box.sealed}, {"sealed_for", box.sealed_for}};
}

}  // namespace dray::ops
