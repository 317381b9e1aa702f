#include "broker/curve.h"

#include <sys/stat.h>

#include "broker/stamp.h"
#include "broker/z85.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

void put(const std::string& path, const std::string& text) {
  REQUIRE(write_file_atomic(path, text, 0644));
}

std::string raw(const std::string& key) {
  return z85_decode(key).value();
}

}  // namespace

TEST_CASE("Z85 is that of the standard") {
  CHECK(z85_encode("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B") == "HelloWorld");
  CHECK(z85_decode("HelloWorld") == "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  for (const std::string_view bad : {"Hell", "Hell ", "Hell~", "#####"})
    CHECK_FALSE(z85_decode(bad));
}

TEST_CASE("a stamp and an address survive the wire, shorter ones are refused") {
  const Stamp stamp{SessionId{0x0102030405060708}, 2, "w\xC3\xBC"};
  CHECK(decode_stamp(encode_stamp(stamp)) == stamp);
  CHECK_FALSE(decode_stamp("12345678"));
  CHECK(decode_address(encode_address(SessionId{77})) == SessionId{77});
  CHECK_FALSE(decode_address("1234567"));
  CHECK_FALSE(decode_address("123456789"));
}

TEST_CASE("a saved key pair is read back, private, and never overwritten") {
  TempDir dir;
  const CurveKeyPair pair = generate_curve_keypair();
  REQUIRE(save_curve_keypair(dir / "k", pair));
  struct stat info {};
  REQUIRE(stat((dir / "k").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0400);
  const auto loaded = load_curve_keypair(dir / "k");
  REQUIRE(loaded);
  CHECK(loaded->public_key == pair.public_key);
  CHECK(loaded->secret_key.reveal() == pair.secret_key.reveal());
  CHECK(read_file(dir / "k.pub", 100).value() == pair.public_key + "\n");
  CHECK(save_curve_keypair(dir / "k", pair).error().code == ErrorCode::conflict);
}

TEST_CASE("a secret key that others can read or that is none is refused without showing it") {
  TempDir dir;
  const CurveKeyPair pair = generate_curve_keypair();
  put(dir / "open", std::string(pair.secret_key.reveal()));
  const auto open = load_curve_keypair(dir / "open");
  CHECK(open.error().code == ErrorCode::denied);
  REQUIRE(write_file_atomic(dir / "bad", "not~a~key~but~as~long~as~one~should~be~~\n", 0400));
  const auto bad = load_curve_keypair(dir / "bad");
  CHECK(bad.error().code == ErrorCode::invalid);
  CHECK(bad.error().message.find("not~a") == std::string::npos);
  CHECK(load_curve_client(dir / "bad", "short").error().code == ErrorCode::invalid);
}

TEST_CASE("the directory of a key gives its role and the file its name") {
  TempDir dir;
  const std::string worker = generate_curve_keypair().public_key;
  const std::string next = generate_curve_keypair().public_key;
  const std::string cli = generate_curve_keypair().public_key;
  for (const char* role : {"worker", "ops", "scheduler"})
    REQUIRE(mkdir((dir / role).c_str(), 0700) == 0);
  put(dir / "worker/w1.pub", "# rotates until Monday\n" + worker + "\n" + next + "\n");
  put(dir / "ops/cli.pub", cli);
  put(dir / "scheduler/drayd.pub", generate_curve_keypair().public_key);
  const AuthorizedKeys keys = AuthorizedKeys::load(dir.path());
  CHECK(keys.size() == 3);
  CHECK(keys.problems().empty());
  REQUIRE(keys.find_key(raw(next)) != nullptr);
  CHECK(keys.find_key(raw(next))->role == Role::worker);
  CHECK(keys.find_key(raw(next))->name == "w1");
  CHECK(keys.find_key(raw(cli))->role == Role::ops);
  CHECK(keys.find_key(raw(generate_curve_keypair().public_key)) == nullptr);
  CHECK(keys.find_key("") == nullptr);
  const std::string id = keys.find_key(raw(worker))->key_id;
  REQUIRE(keys.find_id(id) != nullptr);
  CHECK(keys.key_ids().contains(id));
}

TEST_CASE("a damaged key file authorizes nobody and is named") {
  TempDir dir;
  REQUIRE(mkdir((dir / "worker").c_str(), 0700) == 0);
  REQUIRE(mkdir((dir / "ops").c_str(), 0700) == 0);
  const std::string key = generate_curve_keypair().public_key;
  put(dir / "worker/w1.pub", "# note\nnonsense\n");
  put(dir / "worker/readme.txt", "hello");
  put(dir / "ops/a.pub", key);
  put(dir / "worker/a.pub", key);
  const AuthorizedKeys keys = AuthorizedKeys::load(dir.path());
  CHECK(keys.size() == 1);
  REQUIRE(keys.problems().size() == 3);
  CHECK_THAT(keys.problems()[1], Catch::Matchers::Contains("w1.pub:2: not a public key"));
  CHECK_THAT(keys.problems()[2], Catch::Matchers::Contains("already that of worker a"));
  CHECK(AuthorizedKeys::load(dir / "absent").problems().empty());
}

}  // namespace dray
