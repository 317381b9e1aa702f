// dray remote add, edit, authorize, types.
#include <deque>

#include "ops/oauth_token.h"
#include "schemas/answers_remotes.h"
#include "schemas/job_json.h"
#include "schemas/rclone_options.h"
#include "tests/support/catch.h"
#include "tests/unit/ops/fake_backend.h"
#include "workers/rclone_config.h"

namespace dray::ops::test {
namespace {

constexpr const char* kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIN9lnzP2bNvgZ5IWdsHSWhgvzuqbXAa0DwgpiAykx42A";

struct Rig {
  Rig() {
    daemon.on("seal.key", to_json(SealKeyAnswer{format_sealing_key(keys.public_key), ""}));
    daemon.on("remote.list", to_json(RemoteListAnswer{}));
    daemon.on("remote.put", "{}");
    ProbeResult listed;
    listed.ok = true;
    daemon.on("remote.test", to_json(listed));
    HostKeysAnswer shown;
    shown.keys.push_back({"ssh-ed25519", kKey, "SHA256:right"});
    daemon.on("remote.host_key", to_json(shown));
  }
  // What was sealed with the last remote.put.
  RemoteSettings stored() const {
    const auto body = JsonDocument::parse(daemon.body_of("remote.put"));
    REQUIRE(body);
    SealedRemote remote;
    RemoteSettings none;
    std::string login;
    const auto read = remote_from_json(body->root(), &login);
    REQUIRE(read);
    const auto settings = worker::open_remote(*read, keys, nullptr);
    REQUIRE(settings);
    return *settings;
  }
  // A person who answers in order.
  Call ask(std::vector<std::string> words, std::deque<std::string> answers) {
    Call result;
    Terminal terminal = Terminal::of_sinks([&](std::string_view t) { result.out += t; },
                                           [&](std::string_view t) { result.err += t; }, 100);
    terminal.set_person([&](std::string_view prompt, bool secret) -> Result<std::string> {
      prompts +=
          fmt::format("{}{}\n", prompt.substr(0, prompt.find(' ')), secret ? " (secret)" : "");
      if (answers.empty()) return fail(ErrorCode::conflict, "given up");
      std::string answer = answers.front();
      answers.pop_front();
      return answer;
    });
    Context context(terminal);
    context.connect = [&](Context&) -> Result<Backend*> { return &daemon; };
    context.read_stdin = []() -> Result<std::string> { return std::string(); };
    result.exit = run_cli(context, std::move(words));
    return result;
  }
  FakeBackend daemon;
  SealingKeyPair keys = generate_sealing_keypair();
  std::string prompts;
};

TEST_CASE("a secret on the command line is taken with a warning, from elsewhere without") {
  Rig rig;
  const Call c =
      call(rig.daemon, {"remote", "add", "dav", "webdav", "url=http://x", "pass=hunter2"});
  CHECK(c.exit == Exit::ok);
  CHECK(c.err.find("pass on the command line") != std::string::npos);
  CHECK(c.err.find("hunter2") == std::string::npos);
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--stdin"}, std::vector<std::string>{"--secret", "pass"}}) {
    std::vector<std::string> words{"remote", "add", "dav2", "webdav", "url=http://x"};
    words.insert(words.end(), how.begin(), how.end());
    const Call quiet =
        call(rig.daemon, words, how[0] == "--stdin" ? "pass = hunter2\n" : "hunter2\n");
    CHECK(quiet.err.empty());
    CHECK(quiet.exit == Exit::ok);
    CHECK(rig.stored().contains("pass"));
    CHECK(rig.stored().at("pass") != "hunter2");
  }
}

TEST_CASE("a person is asked what the type needs, secrets unseen") {
  Rig rig;
  const Call c = rig.ask({"remote", "add", "nas", "sftp", "--accept-host-key"},
                         {"nas.example.org", "backup", "hunter2"});
  CHECK(c.exit == Exit::ok);
  CHECK(rig.prompts == "host\nuser\npass (secret)\n");
  CHECK(rig.stored().at("user") == "backup");
  CHECK(rig.stored().at(std::string(kHostKeysSetting)) == fmt::format("ssh-ed25519 {}", kKey));
}

TEST_CASE("without anybody to ask, what is missing is said") {
  Rig rig;
  const Call c = call(rig.daemon, {"remote", "add", "nas", "sftp", "host=nas"});
  CHECK(c.exit == Exit::usage);
  CHECK(c.err.find("user: is missing") != std::string::npos);
  CHECK(rig.daemon.body_of("remote.put").empty());
}

TEST_CASE("the host key of an SFTP server is confirmed before anything is stored") {
  struct Row {
    std::vector<std::string> words;
    std::deque<std::string> answers;
    bool stored;
    const char* says;
  };
  const Row rows[] = {
      {{}, {"yes"}, true, "SHA256:right"},
      {{}, {"no"}, false, "was not confirmed"},
      {{"--accept-host-key"}, {}, true, ""},
      {{"--host-key", "SHA256:right"}, {}, true, ""},
      {{"--host-key", "SHA256:wrong"}, {}, false, "shows other keys"},
      {{"--host-key", fmt::format("ssh-ed25519 {}", kKey)}, {}, true, ""},
      {{"--any-host-key"}, {}, true, ""},
  };
  for (const Row& row : rows) {
    Rig rig;
    std::vector<std::string> words{"remote",   "add",    "nas",      "sftp",
                                   "host=nas", "user=u", "key_pem=k"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    const Call c = rig.ask(words, row.answers);
    CAPTURE(c.err);
    CHECK(rig.daemon.body_of("remote.put").empty() != row.stored);
    CHECK(c.err.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a remote that does not work is saved and ends with warnings") {
  Rig rig;
  ProbeResult broken;
  broken.error_class = ErrorClass::auth;
  broken.hint = "The password is wrong.";
  rig.daemon.on("remote.test", to_json(broken));
  const Call c = call(rig.daemon, {"remote", "add", "dav", "webdav", "url=http://x"});
  CHECK(c.exit == Exit::warnings);
  CHECK(c.err.find("The password is wrong.") != std::string::npos);
  CHECK(call(rig.daemon, {"remote", "add", "dav", "webdav", "url=http://x", "--no-test"}).exit ==
        Exit::ok);
}

TEST_CASE("a cloud with a login is not tested before it has one") {
  Rig rig;
  const Call c = call(rig.daemon, {"remote", "add", "gdrive", "drive"});
  CHECK(c.exit == Exit::ok);
  CHECK(c.out.find("dray remote authorize gdrive") != std::string::npos);
  CHECK(rig.daemon.body_of("remote.test").empty());
}

TEST_CASE("a change is sealed for a worker, which puts it into the settings") {
  Rig rig;
  RemoteView view;
  view.name = "gdrive";
  view.client = "default";
  view.type = "drive";
  view.version = 4;
  rig.daemon.on("remote.list", to_json(RemoteListAnswer{{view}}));
  SettingsPatch seen;
  rig.daemon.on("remote.merge", [&](const std::string& body) -> Result<std::string> {
    const auto question = JsonDocument::parse(body);
    const auto box = base64_decode(*question->root().find("patch")->text());
    const auto plain = open_sealed(rig.keys, "default/gdrive/drive/5/patch", *box);
    REQUIRE(plain);
    seen = *from_json<SettingsPatch>(plain->reveal());
    return to_json(MergedRemote{5, {}, "new", base64_encode("box"), "fp"});
  });
  const Call c =
      call(rig.daemon, {"remote", "authorize", "gdrive"},
           "Paste the following\n{\"access_token\":\"A\",\"refresh_token\":\"R\"}\n<---End");
  CHECK(c.exit == Exit::ok);
  CHECK(seen.set.at("token") == R"({"access_token":"A","refresh_token":"R"})");
  CHECK(rig.daemon.body_of("remote.put").find("\"login\":\"new\"") != std::string::npos);
  CHECK(call(rig.daemon, {"remote", "authorize", "nosuch"}, "x").exit == Exit::not_found);
  CHECK(call(rig.daemon, {"remote", "edit", "nosuch"}).exit == Exit::not_found);
}

TEST_CASE("a pasted login is taken in every form that rclone prints, and nothing else") {
  const std::string json = R"({"access_token":"A","refresh_token":"R","expiry":"2026-01-01"})";
  const std::string blob = base64_encode(R"({"token":"{\"access_token\":\"A\"}"})");
  CHECK(read_pasted_token(json)->refreshable);
  CHECK(read_pasted_token("--->\n" + json + "\n<---End paste")->json ==
        R"({"access_token":"A","expiry":"2026-01-01","refresh_token":"R"})");
  const auto from_blob = read_pasted_token("Paste\n" + blob + "\n<---");
  REQUIRE(from_blob);
  CHECK_FALSE(from_blob->refreshable);
  for (const char* bad : {"", "hello", "{}", "{\"token\":1}", "[1]", "{\"access_token\":\"\"}"})
    CHECK_FALSE(read_pasted_token(bad));
}

}  // namespace
}  // namespace dray::ops::test
