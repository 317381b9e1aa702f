#include "workers/login_keeper.h"

#include <deque>

#include "daemon/base/files.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_box.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

// A scheduler that holds one remote and answers as the real one does.
struct Rig : SealedRemotes {
  Rig() {
    add("gdrive", "drive", {{"client_id", "me"}, {"token", "T1"}});
    stored = remotes.front();
    REQUIRE(ensure_private_dir(dir / "work"));
    start();
  }
  void start() {
    keeper = std::make_unique<LoginKeeper>(loop, keys, dir / "logins");
    std::vector<std::string> problems;
    REQUIRE(keeper->open(dir / "work", problems));
    CHECK(problems.empty());
    keeper->connect([this](const RemoteRefreshed& message, uint64_t id) {
      if (reachable) sent.push_back({message, id});
    });
  }
  // As after kill -9: nothing is told, nothing is cleaned up. Kept, so that nobody calls it a leak.
  void kill() {
    keeper->connect({});
    static auto& dead = *new std::vector<const void*>;
    dead.push_back(use.release());
    dead.push_back(keeper.release());
  }

  RunPaths make_run(const std::string& name) const {
    RunPaths paths{dir / ("work/" + name)};
    REQUIRE(make_run_directory(paths));
    return paths;
  }
  void write_token(const RunPaths& paths, const std::string& token) const {
    REQUIRE(write_file_atomic(paths.config(), "[src]\ntype = drive\ntoken = " + token + "\n"));
  }
  Status begin(const RunPaths& paths, LoginKeeper::User user = LoginKeeper::User::run,
               std::function<void()> give_way = {}) {
    std::vector<SealedRemote> given{stored};
    DRAY_TRY(keeper->prepare(given, user));
    write_token(paths, token_of(given.front()));
    DRAY_TRY_ASSIGN(use, keeper->watch(paths, {{"src", given.front()}}, user, give_way));
    return {};
  }

  std::string token_of(const SealedRemote& remote) const {
    const auto settings = open_remote(remote, keys, nullptr);
    return settings ? settings->at("token") : settings.error().message;
  }
  void replace(const RemoteSettings& settings) {
    ++stored.version;
    stored.sealed = seal(keys.public_key, seal_context(stored), to_json(settings));
  }
  // What the scheduler does with the oldest message.
  void answer() {
    REQUIRE_FALSE(sent.empty());
    const auto [message, id] = sent.front();
    sent.pop_front();
    RemoteRefreshedAck ack{message.client, message.remote, stored.version, false, std::nullopt};
    if (message.version == stored.version) {
      ack.version = ++stored.version;
      stored.sealed = message.sealed;
      ack.stored = true;
    } else {
      ack.current = stored;
    }
    if (!lose_ack) keeper->acknowledged(ack, id);
  }

  TempDir dir;
  EventLoop loop;
  SealedRemote stored;
  bool reachable = true;
  bool lose_ack = false;
  std::deque<std::pair<RemoteRefreshed, uint64_t>> sent;
  std::unique_ptr<LoginKeeper> keeper;
  std::unique_ptr<LoginKeeper::Use> use;
};

TEST_CASE("a login that rclone renewed is stored when the run has ended") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.write_token(paths, "T2");
  rig.use.reset();
  rig.answer();
  CHECK(rig.stored.version == 2);
  CHECK(rig.token_of(rig.stored) == "T2");
  CHECK(open_remote(rig.stored, rig.keys, nullptr)->at("client_id") == "me");
  CHECK(rig.keeper->pending() == 0);
}

TEST_CASE("a login that stayed the same is not sent") {
  Rig rig;
  REQUIRE(rig.begin(rig.make_run("run-1-1-1")));
  rig.use.reset();
  CHECK(rig.sent.empty());
}

TEST_CASE("a renewed login is repeated until it is stored, also by the next life of the worker") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.reachable = false;
  rig.write_token(paths, "T2");
  rig.use.reset();
  CHECK(rig.sent.empty());
  rig.kill();
  REQUIRE(remove_tree(paths.directory));
  rig.reachable = true;
  rig.start();
  rig.keeper->send_all();
  rig.answer();
  CHECK(rig.token_of(rig.stored) == "T2");
}

TEST_CASE("a worker killed in the middle of a run finds the login in what the run left") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.write_token(paths, "T2");
  SECTION("as rclone wrote it") {}
  SECTION("while rclone gave it its name") {
    REQUIRE(rename(paths.config().c_str(), (paths.config() + "123").c_str()) == 0);
    REQUIRE(write_file_atomic(paths.config() + ".old", "[src]\ntype = drive\ntoken = T1\n"));
  }
  rig.kill();
  rig.start();
  rig.keeper->send_all();
  rig.answer();
  CHECK(rig.token_of(rig.stored) == "T2");
}

TEST_CASE("a lost acknowledgement does no harm") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.write_token(paths, "T2");
  rig.use.reset();
  rig.lose_ack = true;
  rig.answer();
  rig.lose_ack = false;
  rig.keeper->send_all();
  rig.answer();
  CHECK(rig.stored.version == 2);
  CHECK(rig.keeper->pending() == 0);
}

TEST_CASE("a login renewed again before the first is stored ends as the newest") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.write_token(paths, "T2");
  rig.use.reset();
  // The next run is given T1 by a scheduler that has not heard yet.
  const RunPaths second = rig.make_run("run-2-1-1");
  REQUIRE(rig.begin(second));
  CHECK(read_file(second.config(), 1000)->contains("T2"));
  rig.write_token(second, "T3");
  rig.use.reset();
  while (!rig.sent.empty())
    rig.answer();
  CHECK(rig.token_of(rig.stored) == "T3");
  CHECK(rig.keeper->pending() == 0);
}

TEST_CASE("a change of other settings meanwhile is kept and gets the login") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.replace({{"client_id", "me"}, {"scope", "drive.readonly"}, {"token", "T1"}});
  rig.write_token(paths, "T2");
  rig.use.reset();
  while (!rig.sent.empty())
    rig.answer();
  CHECK(rig.token_of(rig.stored) == "T2");
  CHECK(open_remote(rig.stored, rig.keys, nullptr)->at("scope") == "drive.readonly");
}

TEST_CASE("a login that a person made anew is not replaced by one that rclone renewed") {
  Rig rig;
  const RunPaths paths = rig.make_run("run-1-1-1");
  REQUIRE(rig.begin(paths));
  rig.replace({{"client_id", "me"}, {"token", "NEW"}});
  rig.write_token(paths, "T2");
  rig.use.reset();
  rig.answer();
  CHECK(rig.sent.empty());
  CHECK(rig.token_of(rig.stored) == "NEW");
  CHECK(rig.keeper->pending() == 0);
}

TEST_CASE("two of rclone never use one login at a time") {
  Rig rig;
  SECTION("a question waits for a run") {
    REQUIRE(rig.begin(rig.make_run("run-1-1-1")));
    std::vector<SealedRemote> given{rig.stored};
    const Status refused = rig.keeper->prepare(given, LoginKeeper::User::question);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
  }
  SECTION("a run ends a question and takes the login that it leaves") {
    const RunPaths question = rig.make_run("query-1");
    REQUIRE(rig.begin(question, LoginKeeper::User::question, [&] { rig.use.reset(); }));
    rig.write_token(question, "T2");
    const RunPaths run = rig.make_run("run-1-1-1");
    REQUIRE(rig.begin(run));
    CHECK(read_file(run.config(), 1000)->contains("T2"));
  }
}

TEST_CASE("a damaged file of a renewed login is named and left alone") {
  Rig rig;
  rig.kill();
  REQUIRE(write_file_atomic(rig.dir / "logins/abc.json", "{\"remote\":"));
  LoginKeeper again(rig.loop, rig.keys, rig.dir / "logins");
  std::vector<std::string> problems;
  REQUIRE(again.open(rig.dir / "work", problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].contains("abc.json"));
  CHECK(path_exists(rig.dir / "logins/abc.json"));
}

}  // namespace
}  // namespace dray::worker
