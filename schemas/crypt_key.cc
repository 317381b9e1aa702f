#include "schemas/crypt_key.h"

#include <fmt/format.h>

#include "daemon/base/quote.h"
#include "daemon/base/random.h"
#include "schemas/json_fields.h"

namespace dray {
namespace {

// What a box is for: one of the workers' cannot pass for an exported one, or the other way round.
constexpr std::string_view kStored = "crypt-key";
constexpr std::string_view kExported = "crypt-key-export";

std::string context_of(std::string_view use, std::string_view job) {
  return fmt::format("{}/{}", use, job);
}

SealedCryptKey seal_for(const SealingKey& reader, std::string_view use, std::string_view job,
                        const CryptKey& key) {
  std::string plain = to_json(key);
  SealedCryptKey box;
  box.sealed = base64_encode(seal(reader, context_of(use, job), plain));
  box.sealed_for = fingerprint(reader);
  wipe(plain);
  return box;
}

Result<CryptKey> open_from(const SealingKeyPair& keys, std::string_view use, std::string_view job,
                           std::string_view sealed) {
  const std::string where = fmt::format("the passwords of job {}", quoted(job));
  DRAY_TRY_ASSIGN(const SecretString json,
                  annotate(open_sealed(keys, context_of(use, job), sealed), where));
  Result<CryptKey> key = from_json<CryptKey>(json.reveal());
  // The reason could quote the text.
  if (!key || key->password.empty()) return fail(ErrorCode::corrupt, "{} are not readable", where);
  return key;
}

}  // namespace

CryptKey::~CryptKey() {
  wipe(password);
  wipe(password2);
}

CryptKey make_crypt_key() {
  CryptKey key;
  key.password = random_token();
  key.password2 = random_token();
  return key;
}

SealedCryptKey seal_crypt_key(const SealingKey& workers, std::string_view job,
                              const CryptKey& key) {
  return seal_for(workers, kStored, job, key);
}
Result<CryptKey> open_crypt_key(const SealingKeyPair& keys, std::string_view job,
                                std::string_view sealed) {
  return open_from(keys, kStored, job, sealed);
}

SealedCryptKey seal_exported_key(const SealingKey& asker, std::string_view job,
                                 const CryptKey& key) {
  return seal_for(asker, kExported, job, key);
}
Result<CryptKey> open_exported_key(const SealingKeyPair& keys, std::string_view job,
                                   std::string_view sealed) {
  return open_from(keys, kExported, job, sealed);
}

}  // namespace dray
