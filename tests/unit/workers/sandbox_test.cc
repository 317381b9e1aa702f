#include "workers/sandbox.h"

#include <optional>

#include "schemas/job_json.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/rclone_executor.h"
#include "workers/run_cgroup.h"
#include "workers/run_directory.h"
#include "workers/sandbox_probe.h"

namespace dray::worker {
namespace {

ProcessFamily& family() {
  static ProcessFamily one;
  return one;
}

SandboxTools working() {
  SandboxTools tools;
  tools.bwrap = "/usr/bin/bwrap";
  tools.why_not.clear();
  return tools;
}

TEST_CASE("who decides where a run's processes live") {
  const SandboxTools good = working();
  const SandboxTools none{"", {}, "no bubblewrap"};
  const auto local = Sandbox::local_process;
  const auto sandboxed = Sandbox::sandboxed_process;
  const auto nothing = Sandbox::worker_default;
  struct Row {
    Sandbox wish;
    SandboxRules rules;
    const SandboxTools& tools;
    bool confined;
    const char* note;
  };
  const Row rows[] = {
      {nothing, {local, false}, good, false, ""},
      {nothing, {sandboxed, false}, good, true, "sandboxed_process"},
      {local, {sandboxed, false}, good, false, ""},
      {local, {sandboxed, true}, good, true, "sandboxed_process"},
      {sandboxed, {local, false}, good, true, "sandboxed_process"},
      {sandboxed, {local, true}, good, false, "local_process: this worker enforces it"},
      {sandboxed, {local, false}, none, false, "local_process: no sandbox here: no bubblewrap"},
      {nothing, {sandboxed, false}, none, false, "local_process: no sandbox here: no bubblewrap"},
      {local, {local, true}, none, false, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.wish), row.rules.enforced, row.note);
    const auto choice = choose_sandbox(row.wish, row.rules, row.tools);
    REQUIRE(choice);
    CHECK(choice->confined == row.confined);
    CHECK(choice->note == row.note);
  }
  const auto refused = choose_sandbox(local, {sandboxed, true}, none);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Matchers::Contains("no bubblewrap"));
}

TEST_CASE("the command line lets in what the run needs, and closes the root behind it") {
  SandboxTools tools = working();
  tools.base = {"--unshare-user"};
  const auto args =
      sandbox_argv(tools, "/opt/dray-guard", {"/run/x", {"/srv/in"}, {"/srv/out"}, 7, ""},
                   {"/usr/bin/rclone", "sync", "a", "b"});
  const std::string line = fmt::format(" {} ", fmt::join(args, " "));
  for (const char* part :
       {" /opt/dray-guard --shield  /usr/bin/bwrap --unshare-user --die-with-parent --cap-drop "
        "ALL ",
        " --unshare-pid ", " --ro-bind-try /srv/in /srv/in ", " --bind /srv/out /srv/out ",
        " --bind /run/x /run/x --remount-ro / --chdir /run/x -- /opt/dray-guard --enter 7 "
        "/usr/bin/rclone sync a b "})
    CHECK_THAT(line, Catch::Matchers::Contains(part));
  for (const char* part : {"--unshare-net", " /etc ", " /home", " /var", " /root", "/etc/passwd"})
    CHECK_THAT(line, !Catch::Matchers::Contains(part));
}

TEST_CASE("a limit alone stands around the program, and no limit leaves it as it is") {
  const std::vector<std::string> program{"/usr/bin/rclone", "lsf"};
  CHECK(limited_argv("/g", {}, program) == program);
  SandboxView view;
  view.memory_bytes = 5;
  CHECK(fmt::format("{}", fmt::join(limited_argv("/g", view, program), " ")) ==
        "/g --enter 5 /usr/bin/rclone lsf");
  view.cgroup = "/c/run";
  CHECK(fmt::format("{}", fmt::join(limited_argv("/g", view, program), " ")) ==
        "/g --shield /c/run /g --enter 0 /usr/bin/rclone lsf");
}

// A directory that looks like the kernel's.
struct FakeGroups {
  FakeGroups() {
    REQUIRE(ensure_private_dir(dir / "a.slice/w.service"));
    put_file(own("/cgroup.controllers"), "cpu memory pids\n");
    put_file(own("/cgroup.subtree_control"), "");
    REQUIRE(ensure_private_dir(own("/worker")));
    put_file(own("/worker/cgroup.procs"), "");
  }
  std::string own(const std::string& below) const { return dir / "a.slice/w.service" + below; }
  RunCgroups claim(const std::string& text) const { return RunCgroups::claim(dir.path(), text); }
  TempDir dir;
};

TEST_CASE("delegated control groups are taken, and each run gets one") {
  FakeGroups fake;
  const RunCgroups groups = fake.claim("1:name=systemd:/x\n0::/a.slice/w.service\n");
  REQUIRE(groups.works());
  CHECK(content(fake.own("/worker/cgroup.procs")) == "0");
  CHECK(content(fake.own("/cgroup.subtree_control")) == "+memory +pids +cpu");
  // A restart in place finds itself in the leaf.
  CHECK(fake.claim("0::/a.slice/w.service/worker\n").works());
  const std::string run = fake.own("/run-812-1");
  REQUIRE(ensure_private_dir(run));
  for (const char* file : {"/pids.max", "/memory.max", "/memory.swap.max", "/cpu.max"})
    put_file(run + file, "");
  CHECK(groups.make("run-812-1", {1000, 150}).value() == run);
  CHECK(content(run + "/memory.max") == "1000");
  CHECK(content(run + "/cpu.max") == "150000 100000");
  CHECK(content(run + "/pids.max") == "1024");
}

TEST_CASE("without delegation there are no groups, and it says why") {
  FakeGroups fake;
  CHECK_FALSE(fake.claim("").works());
  CHECK_FALSE(fake.claim("0::/\n").works());
  CHECK_FALSE(fake.claim("4:memory:/a.slice\n").works());
  CHECK_FALSE(fake.claim("0::/other.slice\n").works());
  put_file(fake.own("/cgroup.controllers"), "hugetlb\n");
  const RunCgroups none = fake.claim("0::/a.slice/w.service\n");
  CHECK_THAT(none.why_not(), Catch::Matchers::Contains("Delegate=yes"));
}

std::string cleared(std::string work_dir) {
  REQUIRE(clear_work_dir(work_dir));
  return work_dir;
}

// Runs of fake-rclone in the real sandbox.
struct Rig : SealedRemotes {
  Rig()
      : logs(dir / "logs", 1 << 20),
        tools(find_sandbox(loop, family(), bin("dray-guard"), bin("fake-rclone"),
                           cleared(dir / "work"))) {
    REQUIRE(logs.open());
    add("disk", "local", {});
    for (const char* name : {"in", "other", "work/run-1-1-1"})
      REQUIRE(ensure_private_dir(dir / name));
    put_file(dir / "other/secret", "s");
    put_file(dir / "work/run-1-1-1/rclone.conf", "s");
    put_file(dir / "worker.key", "s");
  }
  const AttemptResult& run(const std::string& script, uint64_t memory = 0) {
    RunContext context{loop,
                       clock,
                       family(),
                       logs,
                       keys,
                       bin("fake-rclone"),
                       bin("dray-guard"),
                       dir / "work",
                       {dir.path()},
                       {},
                       RcloneVersion{1, 60, 1},
                       "v1.60.1-DEV",
                       seconds{1}};
    context.sandbox = tools;
    context.sandbox_rules = {Sandbox::sandboxed_process, true};
    executor = std::make_unique<RcloneExecutor>(context, logs);
    executor->listen({.running = [](const Token&) {},
                      .progress = [](const Token&, const Progress&) {},
                      .upload_state = {},
                      .ended = [this](AttemptResult r) { result = std::move(r); }});
    put_file(dir / "in/script", script);
    RunSpec spec;
    spec.source = {"disk", dir / "in/script"};
    spec.destination = {"disk", dir / "out/deep"};
    spec.remotes = remotes;
    JobPolicy policy;
    policy.limits.memory_bytes = memory;
    spec.policy = job_policy_text(policy);
    executor->start({token, std::move(spec), clock.now().mono + hours{1}});
    REQUIRE(turn_until(loop, [this] { return result.has_value() || stop_when(); }));
    if (!result) {
      executor->stop(token, StopReason::cancel, "");
      REQUIRE(turn_until(loop, [this] { return result.has_value(); }));
    }
    return *result;
  }
  bool said(const std::string& line) const {
    return result->log_excerpt.find(line) != std::string::npos;
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  LogStore logs;
  SandboxTools tools;
  std::unique_ptr<RcloneExecutor> executor;
  Token token{RunId{812}, 1, 7};
  std::optional<AttemptResult> result;
  std::function<bool()> stop_when = [] { return false; };
};

#define DRAY_NEEDS_SANDBOX(rig)                                  \
  if (!(rig).tools.works()) {                                    \
    WARN("no sandbox on this machine: " << (rig).tools.why_not); \
    return;                                                      \
  }

TEST_CASE("a run sees its own files and nothing else of the machine") {
  Rig rig;
  DRAY_NEEDS_SANDBOX(rig);
  std::string script;
  const std::string hidden[] = {"/etc/shadow",
                                "/etc/passwd",
                                "/etc/machine-id",
                                "/root",
                                "/home",
                                "/var",
                                "/run",
                                "/sys",
                                "/usr/bin",
                                "/bin/sh",
                                rig.dir / "worker.key",
                                rig.dir / "other/secret",
                                rig.dir / "work/run-1-1-1/rclone.conf",
                                rig.dir / "logs",
                                "/proc/" + std::to_string(getpid()) + "/environ"};
  for (const std::string& path : hidden)
    script += "spy " + path + "\n";
  script += "spy " + (rig.dir / "in/script") + "\nmake " + (rig.dir / "in/new") + "\nmake " +
            (rig.dir / "out/deep/new") + "\nmake " + (rig.dir / "out/new") +
            "\nmake /new\nmake /tmp/new\nprocesses\nfinal 1\nexit 0\n";
  const AttemptResult& result = rig.run(script);
  INFO(result.log_excerpt);
  CHECK(result.outcome == Outcome::succeeded);
  for (const std::string& path : hidden)
    CHECK(rig.said("spy " + path + ": no"));
  CHECK(rig.said("spy " + (rig.dir / "in/script") + ": yes"));
  CHECK(rig.said("make " + (rig.dir / "in/new") + ": no"));
  CHECK(rig.said("make " + (rig.dir / "out/deep/new") + ": yes"));
  CHECK(rig.said("make " + (rig.dir / "out/new") + ": no"));
  CHECK(rig.said("make /new: no"));
  CHECK(rig.said("make /tmp/new: no"));
  CHECK(path_exists(rig.dir / "out/deep/new"));
  // bubblewrap's init and the program itself.
  CHECK((rig.said("processes 2") || rig.said("processes 0")));
  CHECK(result.report.find("sandboxed_process") != std::string::npos);
}

TEST_CASE("nothing survives a sandboxed run, however it ends") {
  Rig rig;
  DRAY_NEEDS_SANDBOX(rig);
  const std::string leave = "grandchild " + (rig.dir / "out/deep/pid") + "\n";
  SECTION("by itself") {
    const AttemptResult& result = rig.run(leave + "final 1\nexit 0\n");
    INFO(result.log_excerpt);
    CHECK(result.outcome == Outcome::succeeded);
  }
  SECTION("when it is asked to stop, it can clean up") {
    rig.stop_when = [&] { return path_exists(rig.dir / "out/deep/here"); };
    const AttemptResult& result =
        rig.run(leave + "on-term exit 143\ntouch " + (rig.dir / "out/deep/here") + "\nwait\n");
    INFO(result.hint);
    CHECK(result.outcome == Outcome::cancelled);
    CHECK(result.exit_code == 143);
  }
  SECTION("when it will not stop") {
    rig.stop_when = [&] { return path_exists(rig.dir / "out/deep/here"); };
    const AttemptResult& result =
        rig.run(leave + "on-term ignore\ntouch " + (rig.dir / "out/deep/here") + "\nwait\n");
    CHECK(result.outcome == Outcome::cancelled);
    CHECK(result.signal == SIGKILL);
  }
  // No process of the run holds anything below its directories open any more.
  const Result<std::vector<std::string>> processes = list_dir("/proc");
  REQUIRE(processes);
  for (const std::string& process : *processes) {
    const std::string command = content("/proc/" + process + "/cmdline");
    CHECK(command.find(rig.dir / "in/script") == std::string::npos);
  }
}

// A sanitizer maps more than any limit before anything else.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("memory is limited, inside a sandbox and outside") {
  Rig rig;
  DRAY_NEEDS_SANDBOX(rig);
  constexpr uint64_t kLimit = uint64_t{256} << 20;
  rig.run("eat 1000000\neat 1000000000\nfinal 1\nexit 0\n", kLimit);
  INFO(rig.result->log_excerpt);
  CHECK(rig.said("eat 1000000: yes"));
  CHECK(rig.said("eat 1000000000: no"));
}
#endif

TEST_CASE("a sandbox that is enforced and does not work lets nothing run") {
  Rig rig;
  rig.tools.why_not = "bubblewrap is not installed";
  const AttemptResult& result = rig.run("exit 0\n");
  CHECK(result.outcome == Outcome::failed);
  CHECK(result.never_started);
  CHECK_THAT(result.hint, Catch::Matchers::Contains("bubblewrap is not installed"));
}

}  // namespace
}  // namespace dray::worker
