#include "workers/crypt_wrap.h"

#include <fmt/format.h>

#include "daemon/base/random.h"
#include "schemas/crypt_key.h"
#include "schemas/obscure.h"

namespace dray::worker {

Status wrap_in_crypt(RcloneConfig& config, const RunSpec& spec, const SealingKeyPair& keys) {
  if (spec.crypt_key.empty())
    return fail(ErrorCode::invalid, "the job is encrypted, but its passwords were not sent along");
  DRAY_TRY_ASSIGN(const CryptKey key, open_crypt_key(keys, spec.job, spec.crypt_key));
  DRAY_TRY_ASSIGN(const std::string below,
                  annotate(quote_config_value(config.destination), "destination"));
  std::string password = obscure(key.password, random_bytes(16));
  std::string password2 = obscure(key.password2, random_bytes(16));
  std::string text(config.text.reveal());
  text += fmt::format("[crypt]\ntype = crypt\nremote = {}\npassword = {}\npassword2 = {}\n\n",
                      below, password, password2);
  wipe(password);
  wipe(password2);
  config.text = SecretString::take(text);
  config.destination = "crypt:";
  config.destination_local.clear();
  return {};
}

}  // namespace dray::worker
