#include "workers/rclone_executor.h"

#include <sys/stat.h>

#include <optional>

#include "schemas/codec.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

ProcessFamily& family() {
  static ProcessFamily one;
  return one;
}

// No guard and no validation: one process.
constexpr const char* kTransferOnly =
    R"({"layout":"mirror","guard":{"empty_source":false,"max_delete_percent":100},"validation":{"mode":"none"}})";

// An executor with real processes; `rclone` is the real one or the fake.
struct Rig : SealedRemotes {
  explicit Rig(std::string rclone = bin("fake-rclone"))
      : logs(dir / "logs", 1 << 20),
        executor({loop,
                  clock,
                  family(),
                  logs,
                  keys,
                  std::move(rclone),
                  bin("dray-guard"),
                  dir / "work",
                  {dir.path()},
                  {},
                  RcloneVersion{1, 60, 1},
                  "v1.60.1-DEV",
                  seconds{1}},
                 logs) {
    REQUIRE(clear_work_dir(dir / "work"));
    REQUIRE(logs.open());
    executor.listen({.running = [this](const Token&) { running = true; },
                     .progress = [this](const Token&, const Progress& p) { pictures.push_back(p); },
                     .ended = [this](AttemptResult r) { result = std::move(r); }});
    add("disk", "local", {});
  }
  void start(RunSpec spec) {
    spec.remotes = remotes;
    if (spec.policy.empty()) spec.policy = kTransferOnly;
    executor.start({token, std::move(spec), clock.now().mono + hours{1}});
  }
  void script(const std::string& text) {
    put_file(dir / "script", text);
    RunSpec spec;
    spec.source = {"disk", dir / "script"};
    spec.destination = {"disk", dir / "dst"};
    start(std::move(spec));
  }
  const AttemptResult& finish() {
    REQUIRE(turn_until(loop, [this] { return result.has_value(); }));
    return *result;
  }
  bool appears(const std::string& name) {
    return turn_until(loop, [&] { return path_exists(dir / name); });
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  LogStore logs;
  RcloneExecutor executor;
  Token token{RunId{812}, 1, 7};
  bool running = false;
  std::vector<Progress> pictures;
  std::optional<AttemptResult> result;
};

TEST_CASE("a good run succeeds, shows progress, keeps its log and leaves no directory") {
  Rig rig;
  rig.script("stats 10 100\nfinal 100\nline a plain line\nexit 0\n");
  const AttemptResult& result = rig.finish();
  CHECK(result.outcome == Outcome::succeeded);
  CHECK(result.exit_code == 0);
  CHECK(result.bytes == 100);
  CHECK(result.rclone_version == "v1.60.1-DEV");
  CHECK_FALSE(result.never_started);
  CHECK(rig.running);
  REQUIRE_FALSE(rig.pictures.empty());
  CHECK(rig.pictures.back().phase == Phase::done);
  CHECK(rig.pictures.back().percent == 100);
  const std::string packed = rig.dir / "logs/812-1.jsonl.zst";
  REQUIRE(turn_until(rig.loop, [&] { return path_exists(packed); }));
  CHECK(list_dir(rig.dir / "work").value().empty());
  const LogChunk chunk = rig.executor.read_log({RunId{812}, 1, 0, 100'000});
  CHECK(chunk.code == 0);
  CHECK(chunk.ended);
  CHECK(chunk.data.contains("a plain line\n"));
}

TEST_CASE("a result can be stored and sent before its run is cleaned up") {
  Rig rig;
  const auto left_behind = [&] { return list_dir(rig.dir / "work").value().size(); };
  size_t at_end_of_turn = 0;
  rig.executor.listen({.running = [](const Token&) {},
                       .progress = [](const Token&, const Progress&) {},
                       .ended =
                           [&](AttemptResult r) {
                             rig.loop.at_end_of_turn([&] { at_end_of_turn = left_behind(); });
                             rig.result = std::move(r);
                           }});
  rig.script("exit 0\n");
  rig.finish();
  CHECK(at_end_of_turn == 1);
  CHECK(turn_until(rig.loop, [&] { return left_behind() == 0; }));
}

TEST_CASE("the log of a run can be read while it runs") {
  Rig rig;
  rig.script("line early\ntouch " + (rig.dir / "here") + "\nwait\n");
  REQUIRE(rig.appears("here"));
  LogChunk chunk;
  REQUIRE(turn_until(rig.loop, [&] {
    chunk = rig.executor.read_log({RunId{812}, 1, 0, 100'000});
    return !chunk.data.empty();
  }));
  CHECK(chunk.data == "early\n");
  CHECK_FALSE(chunk.ended);
  rig.executor.stop(rig.token, StopReason::cancel, "");
  CHECK(rig.finish().outcome == Outcome::cancelled);
}

TEST_CASE("a run that ignores every request to stop is killed with all it started") {
  Rig rig;
  rig.script("on-term ignore\ngrandchild " + (rig.dir / "pid") + "\ntouch " + (rig.dir / "ready") +
             "\nwait\n");
  REQUIRE(rig.appears("ready"));
  rig.executor.stop(rig.token, StopReason::cancel, "");
  const AttemptResult& result = rig.finish();
  CHECK(result.outcome == Outcome::cancelled);
  CHECK(result.signal == SIGKILL);
  CHECK(is_gone(pid_in(rig.dir / "pid")));
}

TEST_CASE("a run that somebody else kills is told apart from one that we stopped") {
  Rig rig;
  rig.script("signal 9\n");
  const AttemptResult& result = rig.finish();
  CHECK(result.outcome == Outcome::killed);
  CHECK(result.signal == SIGKILL);
}

TEST_CASE("a grandchild that keeps the log pipe does not keep the run") {
  Rig rig;
  rig.script("final 5\ngrandchild " + (rig.dir / "pid") + "\nexit 0\n");
  CHECK(rig.finish().outcome == Outcome::succeeded);
  CHECK(is_gone(pid_in(rig.dir / "pid")));
}

TEST_CASE("a run that cannot be prepared ends as a failure of its configuration") {
  Rig rig;
  RunSpec spec;
  spec.source = {"nowhere", "x"};
  spec.destination = {"disk", rig.dir / "dst"};
  rig.start(std::move(spec));
  const AttemptResult& result = rig.finish();
  CHECK(result.outcome == Outcome::failed);
  CHECK(result.error_class == ErrorClass::config);
  CHECK_FALSE(result.retry);
  CHECK(result.never_started);
  CHECK(result.hint.contains("'nowhere'"));
}

TEST_CASE("a program that vanished is a failure that may be retried") {
  Rig rig("/nonexistent/rclone");
  rig.script("");
  const AttemptResult& result = rig.finish();
  CHECK(result.outcome == Outcome::failed);
  CHECK(result.error_class == ErrorClass::resources);
  CHECK(result.never_started);
  CHECK(result.hint.contains("exec /nonexistent/rclone: No such file or directory"));
}

TEST_CASE("no secret is in the arguments or the environment, and nothing is inherited") {
  Rig rig;
  setenv("RCLONE_CONFIG_DST_TYPE", "local", 1);
  rig.add("nas", "sftp", {{"host", "nas"}, {"pass", "CANARY-SECRET"}});
  put_file(rig.dir / "script", "dump-args " + (rig.dir / "args") + "\ndump-env " +
                                   (rig.dir / "env") + "\ntouch " + (rig.dir / "ready") +
                                   "\nwait\n");
  RunSpec spec;
  spec.source = {"disk", rig.dir / "script"};
  spec.destination = {"nas", "x"};
  spec.options.filters = {"- CANARY-RULE"};
  rig.start(std::move(spec));
  REQUIRE(rig.appears("ready"));
  const std::string directory = run_directory(rig.dir / "work", rig.token);
  const std::string config = content(directory + "/rclone/rclone.conf");
  CHECK(config.contains("pass = CANARY-SECRET"));
  for (const std::string& seen : {content(rig.dir / "args"), content(rig.dir / "env")}) {
    CHECK_FALSE(seen.empty());
    CHECK_FALSE(seen.contains("CANARY"));
  }
  CHECK_FALSE(content(rig.dir / "env").contains("RCLONE_"));
  struct stat info {};
  REQUIRE(stat((directory + "/rclone/rclone.conf").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(stat(directory.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  unsetenv("RCLONE_CONFIG_DST_TYPE");
  rig.executor.stop(rig.token, StopReason::stale, "");
  rig.finish();
}

// ── With the real rclone ────────────────────────────────────────────────────────────────────────

constexpr const char* kRclone = "/usr/bin/rclone";

void fill(const std::string& dir, int files) {
  REQUIRE(mkdir(dir.c_str(), 0700) == 0);
  for (int i = 0; i < files; ++i)
    put_file(dir + "/file " + std::to_string(i) + " 'ü'.txt", std::string(1000, 'x'));
}

TEST_CASE("the real rclone copies, then finds nothing to do, then says what is wrong") {
  Rig rig(kRclone);
  fill(rig.dir / "src", 20);
  RunSpec spec;
  spec.source = {"disk", rig.dir / "src"};
  spec.destination = {"disk", rig.dir / "dst"};
  rig.start(spec);
  CHECK(rig.finish().outcome == Outcome::succeeded);
  CHECK(rig.result->files == 20);
  CHECK(rig.result->bytes == 20'000);
  CHECK(list_dir(rig.dir / "dst").value().size() == 20);

  rig.result.reset();
  rig.token.attempt = 2;
  rig.start(spec);
  CHECK(rig.finish().outcome == Outcome::nothing_to_do);

  rig.result.reset();
  rig.token.attempt = 3;
  spec.source.path = rig.dir / "missing";
  rig.start(spec);
  CHECK(rig.finish().outcome == Outcome::failed);
  CHECK(rig.result->error_class == ErrorClass::not_found);
  CHECK(rig.result->exit_code == 3);
}

TEST_CASE("the real rclone obeys filters, dry run and max-delete") {
  Rig rig(kRclone);
  fill(rig.dir / "src", 3);
  put_file(rig.dir / "src/skip.tmp", "x");
  RunSpec spec;
  spec.source = {"disk", rig.dir / "src"};
  spec.destination = {"disk", rig.dir / "dst"};
  spec.options.filters = {"- *.tmp"};
  spec.dry_run = true;
  rig.start(spec);
  rig.finish();
  CHECK_FALSE(path_exists(rig.dir / "dst"));
  rig.result.reset();
  rig.token.attempt = 2;
  spec.dry_run = false;
  rig.start(spec);
  rig.finish();
  CHECK(list_dir(rig.dir / "dst").value().size() == 3);

  REQUIRE(remove_tree(rig.dir / "src"));
  fill(rig.dir / "src", 0);
  rig.result.reset();
  rig.token.attempt = 3;
  spec.options.max_delete = 0;
  rig.start(spec);
  CHECK(rig.finish().error_class == ErrorClass::guard);
  CHECK(list_dir(rig.dir / "dst").value().size() == 3);
}

TEST_CASE("a probe lists the top of a remote, or says in one sentence why it cannot") {
  Rig rig(kRclone);
  fill(rig.dir / "src", 3);
  std::optional<ProbeResult> answer;
  const auto probe = [&](const Endpoint& endpoint) {
    answer.reset();
    rig.executor.probe({endpoint, rig.remotes}, [&](ProbeResult r) { answer = std::move(r); });
    REQUIRE(turn_until(rig.loop, [&] { return answer.has_value(); }));
    return *answer;
  };
  const ProbeResult good = probe({"disk", rig.dir / "src"});
  CHECK(good.ok);
  CHECK(good.entries_total == 3);
  const ProbeResult missing = probe({"disk", rig.dir / "missing"});
  CHECK_FALSE(missing.ok);
  CHECK(missing.error_class == ErrorClass::not_found);
  CHECK_FALSE(missing.hint.empty());
  rig.add("down", "webdav", {{"url", "http://127.0.0.1:1"}});
  CHECK(probe({"down", "x"}).error_class == ErrorClass::network);
}

TEST_CASE("no field of a run makes the real rclone run a command") {
  const char* attacks[] = {
      ":webdav,url=http://x,bearer_token_command=\"touch TRIP\":",
      "r,bearer_token_command=\"touch TRIP\":x",
      "--password-command=touch TRIP",
      "x\nbearer_token_command = touch TRIP",
      "$(touch TRIP)",
      "`touch TRIP`",
      "; touch TRIP #",
      "dst:webdav,bearer_token_command=touch TRIP:",
      ":sftp,ssh=\"touch TRIP\":",
      "-",
      "--",
      "--rc",
  };
  for (const char* form : attacks) {
    Rig rig(kRclone);
    std::string attack = form;
    if (const size_t at = attack.find("TRIP"); at != std::string::npos)
      attack.replace(at, 4, rig.dir / "tripwire");
    fill(rig.dir / "src", 1);
    REQUIRE(mkdir((rig.dir / "dst").c_str(), 0700) == 0);
    rig.add("al", "alias", {{"remote", "disk:" + rig.dir.path()}});
    rig.add("evil-al", "alias", {{"remote", attack}});
    rig.add("evil-value", "webdav", {{"url", attack}});
    rig.add("evil-option", "webdav", {{"url", "http://x"}, {"bearer_token_command", attack}});
    rig.add(attack, "local", {});
    std::vector<RunSpec> specs(8);
    for (RunSpec& spec : specs) {
      spec.source = {"disk", rig.dir / "src"};
      spec.destination = {"disk", rig.dir / "dst"};
    }
    specs[0].source = {"al", attack};
    specs[1].destination = {"al", attack};
    specs[2].source.remote = attack;
    specs[3].destination = {"evil-al", attack};
    specs[4].destination = {"evil-value", attack};
    specs[5].destination = {"evil-option", ""};
    specs[6].options.flags = {attack};
    specs[7].options.filters = {attack, "- " + attack};
    for (RunSpec& spec : specs) {
      spec.job = attack;
      spec.client = attack;
      rig.result.reset();
      ++rig.token.attempt;
      rig.start(spec);
      rig.finish();
    }
    INFO(attack);
    CHECK_FALSE(path_exists(rig.dir / "tripwire"));
  }
}

}  // namespace
}  // namespace dray::worker
