#include "schemas/crypt_key.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

std::string raw(const SealedCryptKey& box) {
  return base64_decode(box.sealed).value();
}

TEST_CASE("only the workers open what was sealed for them, and only for that job") {
  const SealingKeyPair workers = generate_sealing_keypair();
  const SealingKeyPair stranger = generate_sealing_keypair();
  const CryptKey key = make_crypt_key();
  const SealedCryptKey box = seal_crypt_key(workers.public_key, "photos", key);
  CHECK(box.sealed_for == fingerprint(workers.public_key));
  CHECK(box.sealed.find(key.password) == std::string::npos);
  const auto opened = open_crypt_key(workers, "photos", raw(box));
  REQUIRE(opened);
  CHECK(opened->password == key.password);
  CHECK(opened->password2 == key.password2);
  CHECK_FALSE(open_crypt_key(stranger, "photos", raw(box)));
  CHECK_FALSE(open_crypt_key(workers, "docs", raw(box)));
  CHECK_FALSE(open_crypt_key(workers, "photos", raw(box) + "x"));
  CHECK_FALSE(open_crypt_key(workers, "photos", ""));
}

TEST_CASE("an exported box is no stored one, and the other way round") {
  const SealingKeyPair pair = generate_sealing_keypair();
  const CryptKey key = make_crypt_key();
  const SealedCryptKey stored = seal_crypt_key(pair.public_key, "photos", key);
  const SealedCryptKey exported = seal_exported_key(pair.public_key, "photos", key);
  CHECK(open_exported_key(pair, "photos", raw(exported))->password == key.password);
  CHECK_FALSE(open_exported_key(pair, "photos", raw(stored)));
  CHECK_FALSE(open_crypt_key(pair, "photos", raw(exported)));
}

TEST_CASE("every key is another one, of 256 bits each") {
  const CryptKey a = make_crypt_key();
  const CryptKey b = make_crypt_key();
  CHECK(a.password != b.password);
  CHECK(a.password != a.password2);
  CHECK(a.password.size() == 43);
  CHECK(a.password2.size() == 43);
}

TEST_CASE("errors name the job and nothing of the box") {
  const SealingKeyPair pair = generate_sealing_keypair();
  const std::string sealed = seal(pair.public_key, "crypt-key/photos", "{\"password\":\"geheim");
  const auto opened = open_crypt_key(pair, "photos", sealed);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("geheim") == std::string::npos);
  CHECK(opened.error().message.find("photos") != std::string::npos);
}

}  // namespace
}  // namespace dray
