#include "workers/crypt_wrap.h"

#include "schemas/crypt_key.h"
#include "tests/support/catch.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/upload_work.h"

namespace dray::worker {
namespace {

struct Rig : SealedRemotes {
  Rig() {
    add("nas", "sftp", {{"host", "nas"}});
    spec.job = "photos";
    spec.source = {"nas", "in"};
    spec.destination = {"nas", "backup dir/`x"};
    spec.crypt_key =
        base64_decode(seal_crypt_key(keys.public_key, "photos", make_crypt_key()).sealed).value();
  }
  Result<RcloneConfig> build() {
    DRAY_TRY_ASSIGN(RcloneConfig config,
                    build_rclone_config(remotes, spec.source, &spec.destination, keys, {}));
    DRAY_TRY(wrap_in_crypt(config, spec, keys));
    return config;
  }
  RunSpec spec;
};

TEST_CASE("the destination of an encrypted job is crypt: over what it was") {
  Rig rig;
  const auto config = rig.build();
  REQUIRE(config);
  CHECK(config->source == "src:in");
  CHECK(config->destination == "crypt:");
  const std::string text(config->text.reveal());
  CHECK_THAT(text,
             Catch::Matchers::Contains("[crypt]\ntype = crypt\nremote = src:backup dir/`x\n"));
}

TEST_CASE("passwords stand in the configuration obscured, and differ from job to job") {
  Rig rig;
  const auto opened = open_crypt_key(rig.keys, "photos", rig.spec.crypt_key);
  REQUIRE(opened);
  const auto config = rig.build();
  REQUIRE(config);
  CHECK(config->text.reveal().find(opened->password) == std::string_view::npos);
  CHECK(config->text.reveal().find("password2 = ") != std::string_view::npos);
}

TEST_CASE("without the passwords of the very job nothing runs") {
  Rig rig;
  SECTION("none came") {
    rig.spec.crypt_key.clear();
  }
  SECTION("those of another job") {
    rig.spec.job = "docs";
  }
  SECTION("for another worker") {
    rig.keys = generate_sealing_keypair();
  }
  CHECK_FALSE(rig.build());
}

TEST_CASE("an upload has places of its own until it is complete") {
  const Token token{RunId{812}, 1, 5};
  CHECK(incoming_file(token.run) == ".dray-incoming-812/data");
  CHECK(stored_file(Layout::versioned, "a/b.tar") == "current/a/b.tar");
  CHECK(stored_file(Layout::mirror, "a/b.tar") == "a/b.tar");
  CHECK(replaced_directory(Layout::versioned, token, "b.tar") == "versions/000000000812");
  CHECK(replaced_directory(Layout::versioned, Token{RunId{812}, 2, 5}, "a/c/b.tar") ==
        "versions/000000000812.002/a/c");
  CHECK(replaced_directory(Layout::mirror, token, "b.tar").empty());
}

TEST_CASE("a ticket is known by its hash alone") {
  // SHA-256 of "abc"
  const std::string hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(is_ticket("abc", hash));
  CHECK_FALSE(is_ticket("abd", hash));
  CHECK_FALSE(is_ticket("", hash));
  CHECK_FALSE(is_ticket("abc", ""));
  CHECK_FALSE(is_ticket(hash, hash));
}

}  // namespace
}  // namespace dray::worker
