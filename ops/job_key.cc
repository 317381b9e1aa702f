#include "ops/job_key.h"

#include "ops/remote_seal.h"
#include "schemas/crypt_key.h"
#include "schemas/job.h"

namespace dray::ops {
namespace {

bool wants_encryption(const Json& body) {
  if (const auto wish = body.find("encryption"); wish != body.end())
    return wish->is_boolean() && wish->get<bool>();
  const auto create = body.find("create");
  const bool is_new = create != body.end() && create->is_boolean() && create->get<bool>();
  return is_new && member_text(body, "kind") == to_string(JobKind::upload);
}

}  // namespace

Status add_crypt_key(Context& context, Json& body) {
  if (!wants_encryption(body)) return {};
  DRAY_TRY_ASSIGN(body["crypt_key"], new_crypt_key(context, member_text(body, "name")));
  return {};
}

Result<Json> new_crypt_key(Context& context, const std::string& job) {
  DRAY_TRY_ASSIGN(const SealingKey workers, workers_key(context));
  const SealedCryptKey box = seal_crypt_key(workers, job, make_crypt_key());
  return Json{{"sealed", box.sealed}, {"sealed_for", box.sealed_for}};
}

}  // namespace dray::ops
