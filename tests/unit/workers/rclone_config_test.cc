#include "workers/rclone_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/local_paths.h"

namespace dray::worker {
namespace {

struct Rig : SealedRemotes {
  Result<RcloneConfig> build(const Endpoint& source, const Endpoint& destination) {
    return build_rclone_config(remotes, source, &destination, keys, roots);
  }
  std::string refusal(const Endpoint& source) {
    const auto config = build(source, {"plain", ""});
    return config ? "" : config.error().message;
  }
  Rig() { add("plain", "sftp", {{"host", "nas"}}); }
  std::vector<std::string> roots;
};

TEST_CASE("remotes get names of our making") {
  Rig rig;
  rig.add("Müller & Söhne", "s3", {{"provider", "AWS"}, {"secret_access_key", "k=1"}});
  const auto config = rig.build({"Müller & Söhne", "bucket/a"}, {"plain", "-v:x"});
  REQUIRE(config);
  CHECK(config->source == "src:bucket/a");
  CHECK(config->destination == "dst:-v:x");
  CHECK(config->text.reveal() ==
        "[src]\ntype = s3\nprovider = AWS\nsecret_access_key = k=1\n\n"
        "[dst]\ntype = sftp\nhost = nas\n\n");
}

TEST_CASE("the same remote on both sides keeps one name, for copies on the server") {
  Rig rig;
  const auto config = rig.build({"plain", "a"}, {"plain", "b"});
  REQUIRE(config);
  CHECK(config->source == "src:a");
  CHECK(config->destination == "src:b");
}

TEST_CASE("references are rewritten at any depth and in every form") {
  Rig rig;
  rig.add("base", "s3", {{"provider", "AWS"}});
  rig.add("secret", "crypt", {{"remote", "base:bucket/x y"}, {"password", "obscured"}});
  rig.add("short", "alias", {{"remote", "secret:deep"}});
  rig.add("many", "union", {{"upstreams", "short:a \"base:with space:ro\" plain:c:nc"}});
  rig.add("mounts", "combine", {{"upstreams", "one=many:x two=plain:"}});
  const auto config = rig.build({"mounts", "one/f"}, {"plain", ""});
  REQUIRE(config);
  const std::string text(config->text.reveal());
  CHECK(text.contains("[src]\ntype = combine\nupstreams = one=r1:x two="));
  CHECK_FALSE(text.contains("secret:"));
  CHECK_FALSE(text.contains("short:"));
  CHECK_FALSE(text.contains("base:"));
  CHECK(text.contains(":with space:ro\""));
  CHECK(text.contains(":bucket/x y\n"));
}

TEST_CASE("references that are none are refused, with the remote and the setting") {
  struct Row {
    std::string value;
    std::string says;
  };
  const Row rows[] = {
      {":webdav,bearer_token_command=\"touch x\":", "on the fly"},
      {":local:/etc", "on the fly"},
      {"plain,bearer_token_command=touch:x", "in place"},
      {"/etc", "path of this machine"},
      {"etc/passwd:x", "path of this machine"},
      {"nowhere:x", "not sent along"},
      {"al:x", "leads back to itself"},
      {"plain:a/../../b", ".."},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.add("al", "alias", {{"remote", row.value}});
    INFO(row.value << " -> " << rig.refusal({"al", "x"}));
    const std::string refusal = rig.refusal({"al", "x"});
    CHECK(refusal.contains(row.says));
    CHECK(refusal.contains("'al'"));
  }
}

TEST_CASE("a circle of remotes is refused") {
  Rig rig;
  rig.add("a", "alias", {{"remote", "b:"}});
  rig.add("b", "crypt", {{"remote", "c:x"}});
  rig.add("c", "alias", {{"remote", "a:y"}});
  CHECK(rig.refusal({"a", ""}).contains("leads back to itself"));
}

TEST_CASE("settings that run commands or forge lines are refused although they were stored") {
  struct Row {
    std::string type;
    RemoteSettings settings;
  };
  const Row rows[] = {
      {"webdav", {{"bearer_token_command", "touch /tmp/x"}}},
      {"sftp", {{"ssh", "touch /tmp/x"}}},
      {"sftp", {{"host", "a\nbearer_token_command = touch x"}}},
      {"sftp", {{"host", std::string("a\0b", 3)}}},
      {"sftp", {{"ho st", "x"}}},
      {"sftp", {{"x]\n[src", "x"}}},
      {"sftp", {{"remote", "plain:x"}}},
      {"s3\n[x]", {}},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.add("bad", row.type, row.settings);
    CHECK_FALSE(rig.refusal({"bad", "x"}).empty());
  }
}

TEST_CASE("no error ever holds a value of a setting") {
  Rig rig;
  rig.add("bad", "sftp", {{"pass", "SECRET\nX"}});
  CHECK_FALSE(rig.refusal({"bad", ""}).contains("SECRET"));
  rig.add("worse", "alias", {{"remote", ":SECRET:"}});
  CHECK_FALSE(rig.refusal({"worse", ""}).contains("SECRET"));
}

TEST_CASE("a box that was sealed for another place is refused") {
  Rig rig;
  rig.add("moved", "sftp", {{"host", "x"}});
  rig.remotes.back().version += 1;
  CHECK_FALSE(rig.refusal({"moved", ""}).empty());
}

TEST_CASE("local paths must lie in the local roots, behind wrappers and links too") {
  TempDir dir;
  REQUIRE(mkdir((dir / "open").c_str(), 0700) == 0);
  REQUIRE(mkdir((dir / "closed").c_str(), 0700) == 0);
  REQUIRE(symlink((dir / "closed").c_str(), (dir / "open/link").c_str()) == 0);
  Rig rig;
  rig.roots = {dir / "open"};
  rig.add("disk", "local", {});
  rig.add("al", "alias", {{"remote", "disk:" + (dir / "open")}});
  rig.add("out", "alias", {{"remote", "disk:" + (dir / "closed")}});
  rig.add("mix", "union", {{"upstreams", "plain:x disk:" + (dir / "open") + ":ro"}});
  rig.add("com", "combine", {{"upstreams", "m=disk:" + (dir / "open")}});
  CHECK(rig.refusal({"disk", dir / "open/new/deep"}).empty());
  CHECK(rig.refusal({"al", "sub"}).empty());
  CHECK(rig.refusal({"mix", "sub"}).empty());
  CHECK(rig.refusal({"com", "m/sub"}).empty());
  for (const Endpoint& bad : std::vector<Endpoint>{{"disk", dir / "closed"},
                                                   {"disk", dir / "open/link"},
                                                   {"disk", dir / "openly"},
                                                   {"disk", "open"},
                                                   {"disk", ""},
                                                   {"disk", "/"},
                                                   {"al", "link"},
                                                   {"al", "link/deep"},
                                                   {"out", ""},
                                                   {"mix", "link"},
                                                   {"com", "m/link"},
                                                   {"al", "../closed"}}) {
    INFO(bad.remote << ":" << bad.path);
    CHECK_FALSE(rig.refusal(bad).empty());
  }
  rig.roots.clear();
  CHECK(rig.refusal({"disk", dir / "open"}).contains("local_roots"));
}

TEST_CASE("values that rclone's file cannot hold as they are get quotes or are refused") {
  CHECK(quote_config_value("a # b ; c = d").value() == "a # b ; c = d");
  CHECK(quote_config_value(" spaced ").value() == "` spaced `");
  CHECK(quote_config_value("\"q\"").value() == "`\"q\"`");
  CHECK(quote_config_value("`b").value() == "\"\"\"`b\"\"\"");
  CHECK_FALSE(quote_config_value("a\nb"));
  CHECK_FALSE(quote_config_value("%(pass)s"));
  CHECK_FALSE(quote_config_value("`\"\"\"x"));
}

}  // namespace
}  // namespace dray::worker
