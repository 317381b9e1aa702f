#include "daemon/base/seal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon/base/files.h"
#include "daemon/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

TEST_CASE("what is sealed for a worker is opened by that worker") {
  const SealingKeyPair pair = generate_sealing_keypair();
  for (const std::string& text : {std::string{}, std::string{"pass"}, std::string(100'000, 'x')}) {
    const std::string sealed = seal(pair.public_key, "c1/r1/sftp/3", text);
    if (!text.empty()) CHECK(sealed.find(text) == std::string::npos);
    const auto opened = open_sealed(pair, "c1/r1/sftp/3", sealed);
    REQUIRE(opened);
    CHECK(opened->reveal() == text);
  }
}

TEST_CASE("a sealed value does not open in another place, for another key or damaged") {
  const SealingKeyPair pair = generate_sealing_keypair();
  const SealingKeyPair other = generate_sealing_keypair();
  const std::string sealed = seal(pair.public_key, "c1/r1", "secret");
  const auto refused = [&](const SealingKeyPair& key, std::string_view context,
                           const std::string& box) {
    const auto opened = open_sealed(key, context, box);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::corrupt);
    CHECK(opened.error().message.find("secret") == std::string::npos);
  };
  refused(pair, "c1/r2", sealed);
  refused(pair, "c1/r", sealed);    // a shorter context is not a prefix match
  refused(pair, "c1/r1s", sealed);  // nor does the context reach into the secret
  refused(other, "c1/r1", sealed);
  refused(pair, "c1/r1", "");
  refused(pair, "c1/r1", sealed.substr(0, 40));
  for (const size_t at : {size_t{0}, size_t{1}, size_t{40}, sealed.size() - 1}) {
    std::string damaged = sealed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    refused(pair, "c1/r1", damaged);
  }
}

TEST_CASE("the same secret sealed twice gives different bytes") {
  const SealingKeyPair pair = generate_sealing_keypair();
  CHECK(seal(pair.public_key, "c", "x") != seal(pair.public_key, "c", "x"));
}

TEST_CASE("a public key survives its text form") {
  const SealingKey key = generate_sealing_keypair().public_key;
  CHECK(*parse_sealing_key(format_sealing_key(key)) == key);
  CHECK(fingerprint(key).size() == 19);
  CHECK(fingerprint(key) != fingerprint(generate_sealing_keypair().public_key));
  for (const std::string_view text :
       {"", "dray-seal-public-1:", "dray-seal-public-1:AAAA", "dray-seal-private-1:AAAA", "x"})
    CHECK(parse_sealing_key(text).error().code == ErrorCode::invalid);
}

TEST_CASE("a private key is saved once and read back") {
  const TempDir dir;
  const SealingKeyPair pair = generate_sealing_keypair();
  REQUIRE(save_private_key(dir / "worker.key", pair));
  CHECK(save_private_key(dir / "worker.key", pair).error().code == ErrorCode::conflict);
  const auto loaded = load_private_key(dir / "worker.key");
  REQUIRE(loaded);
  CHECK(loaded->public_key == pair.public_key);
  CHECK(open_sealed(*loaded, "c", seal(pair.public_key, "c", "x"))->reveal() == "x");
}

TEST_CASE("a private key that others can reach, or that is none, is refused") {
  const TempDir dir;
  REQUIRE(save_private_key(dir / "k", generate_sealing_keypair()));
  for (const mode_t mode : {mode_t{0440}, mode_t{0404}, mode_t{0644}}) {
    REQUIRE(chmod((dir / "k").c_str(), mode) == 0);
    const auto loaded = load_private_key(dir / "k");
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == ErrorCode::denied);
    CHECK(loaded.error().message.find("chmod 0400") != std::string::npos);
  }
  for (const std::string_view text :
       {"", "dray-seal-private-1:", "dray-seal-private-1:c2hvcnQ=", "c2VjcmV0"}) {
    REQUIRE(write_file_atomic(dir / "bad", text));
    CHECK(load_private_key(dir / "bad").error().code == ErrorCode::invalid);
  }
  CHECK(load_private_key(dir / "none").error().code == ErrorCode::not_found);
  CHECK(load_private_key(dir.path()).error().code == ErrorCode::invalid);
}

TEST_CASE("a systemd credential of the same name goes before the file") {
  const TempDir dir;
  REQUIRE(ensure_private_dir(dir / "credentials"));
  const SealingKeyPair pair = generate_sealing_keypair();
  REQUIRE(save_private_key(dir / "credentials/worker.key", pair));
  REQUIRE(setenv("CREDENTIALS_DIRECTORY", (dir / "credentials").c_str(), 1) == 0);
  const auto loaded = load_private_key("/nowhere/worker.key");
  unsetenv("CREDENTIALS_DIRECTORY");
  REQUIRE(loaded);
  CHECK(loaded->public_key == pair.public_key);
}

TEST_CASE("a secret moves and is gone where it was") {
  std::string text = "a secret that is longer than a small string";
  SecretString first = SecretString::take(text);
  CHECK(text.empty());
  SecretString second = std::move(first);
  CHECK(first.empty());
  CHECK(second.reveal() == "a secret that is longer than a small string");
  second = SecretString{};
  CHECK(second.reveal().empty());
}

TEST_CASE("base64 reads what it wrote and refuses the rest") {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd"})
    CHECK(*base64_decode(base64_encode(text)) == text);
  CHECK(base64_encode("\xff\xfe") == "//4=");
  for (const std::string_view text : {"a", "ab=", "a b=", "ab==x", "____"})
    CHECK_FALSE(base64_decode(text));
}

TEST_CASE("random values have the length asked for and differ") {
  CHECK(random_bytes(7).size() == 7);
  CHECK(random_hex(8).size() == 16);
  CHECK(random_hex(8).find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(random_token().size() == 43);
  CHECK(random_token() != random_token());
  CHECK(random_u64() != random_u64());
}

}  // namespace
}  // namespace dray
