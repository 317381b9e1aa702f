#include "workers/child_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <optional>

#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"

namespace dray::worker {
namespace {

ProcessFamily& family() {
  static ProcessFamily one;
  return one;
}

struct Rig {
  ChildSpec fake(const std::string& script, Instant kill_at = Instant::max()) {
    put_file(dir / "script", script);
    ChildSpec spec;
    spec.guard = bin("dray-guard");
    spec.label = "test-1";
    spec.directory = dir.path();
    spec.argv = {bin("fake-rclone"), "sync", "src:" + (dir / "script"), "dst:x"};
    spec.environment = {"PATH=/usr/bin:/bin"};
    spec.kill_at = kill_at;
    return spec;
  }
  void start(ChildSpec spec) {
    ChildHandlers handlers;
    handlers.on_started = [this] { started = true; };
    handlers.on_failed = [this](const Error& e) { error = e; };
    handlers.on_log = [this](std::span<const char> bytes) {
      log_bytes += bytes.size();
      if (log.size() < 4096) log.append(bytes.data(), bytes.size());
    };
    handlers.on_exit = [this](const ChildExit& e) { exit = e; };
    handlers.on_log_end = [this] { log_ended = true; };
    handlers.on_gone = [this] { gone = true; };
    auto made = ChildProcess::start(loop, family(), std::move(spec), std::move(handlers));
    REQUIRE(made);
    child = std::move(*made);
  }
  bool finish() {
    return turn_until(loop, [this] { return gone && log_ended; });
  }
  bool appears(const std::string& name) {
    return turn_until(loop, [&] { return path_exists(dir / name); });
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  bool started = false;
  std::optional<Error> error;
  std::optional<ChildExit> exit;
  std::string log;
  size_t log_bytes = 0;
  bool log_ended = false;
  bool gone = false;
  std::unique_ptr<ChildProcess> child;
};

TEST_CASE("a command that ends by itself reports its exit code and its log") {
  Rig rig;
  rig.start(rig.fake("line hello\nexit 7\n"));
  REQUIRE(rig.finish());
  CHECK(rig.started);
  REQUIRE(rig.exit);
  CHECK(WIFEXITED(rig.exit->wait_status));
  CHECK(WEXITSTATUS(rig.exit->wait_status) == 7);
  CHECK_FALSE(rig.exit->guard_lost);
  CHECK(rig.log == "hello\n");
}

TEST_CASE("a command that dies by a signal says by which") {
  Rig rig;
  rig.start(rig.fake("signal 11\n"));
  REQUIRE(rig.finish());
  REQUIRE(rig.exit);
  CHECK(WIFSIGNALED(rig.exit->wait_status));
  CHECK(WTERMSIG(rig.exit->wait_status) == SIGSEGV);
}

TEST_CASE("a start that fails names its stage and the program") {
  Rig rig;
  ChildSpec spec = rig.fake("");
  spec.argv[0] = "/nonexistent/rclone";
  rig.start(std::move(spec));
  REQUIRE(rig.finish());
  REQUIRE(rig.error);
  CHECK(rig.error->message == "start test-1: exec /nonexistent/rclone: No such file or directory");
  CHECK_FALSE(rig.started);
  CHECK_FALSE(rig.exit);

  Rig elsewhere;
  spec = elsewhere.fake("");
  spec.directory = "/nonexistent";
  elsewhere.start(std::move(spec));
  REQUIRE(elsewhere.finish());
  REQUIRE(elsewhere.error);
  CHECK(elsewhere.error->message == "start test-1: enter the directory: No such file or directory");
}

TEST_CASE("a guard that is missing is an error of the call") {
  Rig rig;
  ChildSpec spec = rig.fake("");
  spec.guard = "/nonexistent/dray-guard";
  CHECK_FALSE(ChildProcess::start(rig.loop, family(), std::move(spec), {}));
}

TEST_CASE("a command sees a clean environment, no descriptors of ours and default signals") {
  Rig rig;
  ChildSpec spec = rig.fake("");
  spec.argv = {"/bin/sh", "-c",
               "{ ls /proc/self/fd | tr '\\n' ' '; grep Sig[BI] /proc/self/status; env; } >&2"};
  signal(SIGUSR2, SIG_IGN);
  rig.start(std::move(spec));
  REQUIRE(rig.finish());
  signal(SIGUSR2, SIG_DFL);
  INFO(rig.log);
  CHECK(rig.log.starts_with("0 1 2 3 S"));  // 3: the directory that ls reads
  CHECK(rig.log.contains("SigIgn:\t0000000000000000"));
  CHECK(rig.log.contains("SigBlk:\t0000000000000000"));
  CHECK_FALSE(rig.log.contains("HOME="));
}

TEST_CASE("terminate reaches the command, and kill one that ignores it") {
  Rig rig;
  rig.start(rig.fake("on-term ignore\ntouch ready\nwait\n"));
  REQUIRE(rig.appears("ready"));
  rig.child->terminate();
  rig.child->kill();
  REQUIRE(rig.finish());
  REQUIRE(rig.exit);
  CHECK(WTERMSIG(rig.exit->wait_status) == SIGKILL);

  Rig polite;
  polite.start(polite.fake("on-term exit 3\ntouch ready\nwait\n"));
  REQUIRE(polite.appears("ready"));
  polite.child->terminate();
  REQUIRE(polite.finish());
  CHECK(WEXITSTATUS(polite.exit->wait_status) == 3);
}

TEST_CASE("a grandchild in a session of its own is killed when the command ends") {
  Rig rig;
  rig.start(rig.fake("grandchild pid\nexit 0\n"));
  REQUIRE(rig.finish());
  const pid_t pid = pid_in(rig.dir / "pid");
  REQUIRE(pid > 0);
  CHECK(is_gone(pid));
}

TEST_CASE("a grandchild in a session of its own is killed by kill") {
  Rig rig;
  rig.start(rig.fake("grandchild pid\ntouch ready\nwait\n"));
  REQUIRE(rig.appears("ready"));
  rig.child->kill();
  REQUIRE(rig.finish());
  CHECK(is_gone(pid_in(rig.dir / "pid")));
}

TEST_CASE("the guard kills at the deadline, and a later deadline replaces it") {
  Rig rig;
  rig.start(rig.fake("wait\n", rig.clock.now().mono + milliseconds{1}));
  REQUIRE(rig.finish());
  CHECK(rig.exit->by_deadline);
  CHECK(WTERMSIG(rig.exit->wait_status) == SIGKILL);

  Rig extended;
  extended.start(
      extended.fake("touch ready\nawait go\nexit 0\n", extended.clock.now().mono + hours{1}));
  REQUIRE(extended.appears("ready"));
  extended.child->set_deadline(extended.clock.now().mono + hours{2});
  put_file(extended.dir / "go", "");
  REQUIRE(extended.finish());
  CHECK_FALSE(extended.exit->by_deadline);
}

TEST_CASE("destroying the owner kills everything") {
  Rig rig;
  rig.start(rig.fake("on-term ignore\ngrandchild pid\ntouch ready\nwait\n"));
  REQUIRE(rig.appears("ready"));
  const pid_t command = rig.child->command_pid();
  rig.child.reset();
  CHECK(is_gone(command));
  CHECK(is_gone(pid_in(rig.dir / "pid")));
}

TEST_CASE("a flood, a line without end and broken text never stall the command") {
  Rig rig;
  rig.start(rig.fake("flood 30000000\nlong 50000000\ninvalid\nexit 0\n"));
  REQUIRE(rig.finish());
  CHECK(WEXITSTATUS(rig.exit->wait_status) == 0);
  CHECK(rig.log_bytes > 79'000'000);
}

// In a process of its own, because it is killed or stopped, and because sweeping takes all children
// of the process that does it.
pid_t in_helper(const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

TEST_CASE("nothing survives an owner that is killed") {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // the helper's guard falls to us, not out of sight
  TempDir dir;
  const pid_t helper = in_helper([&] {
    EventLoop loop;
    ProcessFamily own;
    ChildSpec spec;
    put_file(dir / "script", "on-term ignore\ngrandchild pid\ntouch ready\nwait\n");
    spec.guard = bin("dray-guard");
    spec.label = "test-2";
    spec.directory = dir.path();
    spec.argv = {bin("fake-rclone"), "sync", "src:" + (dir / "script"), "dst:x"};
    ChildHandlers handlers;
    std::unique_ptr<ChildProcess> child;
    handlers.on_started = [&] { put_file(dir / "command", std::to_string(child->command_pid())); };
    child = std::move(*ChildProcess::start(loop, own, std::move(spec), std::move(handlers)));
    (void)turn_until(loop, [] { return false; });
  });
  EventLoop loop;
  REQUIRE(
      turn_until(loop, [&] { return path_exists(dir / "ready") && pid_in(dir / "command") > 0; }));
  kill(helper, SIGKILL);
  waitpid(helper, nullptr, 0);
  const pid_t command = pid_in(dir / "command");
  const pid_t grandchild = pid_in(dir / "pid");
  CHECK(turn_until(loop, [&] { return is_gone(command) && is_gone(grandchild); }));
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

TEST_CASE("a command is fed, and sees the end of its input when it is told") {
  Rig rig;
  ChildSpec spec = rig.fake("");
  spec.argv = {"/bin/sh", "-c", "cat > copy; touch ended"};
  spec.feed_input = true;
  rig.start(std::move(spec));
  REQUIRE(turn_until(rig.loop, [&] { return rig.started; }));
  const std::string text(100'000, 'x');
  REQUIRE(write_all(rig.child->input(), text, "input"));
  CHECK_FALSE(rig.exit);
  rig.child->end_input();
  REQUIRE(rig.finish());
  CHECK(content(rig.dir / "copy") == text);
  CHECK(path_exists(rig.dir / "ended"));
}

TEST_CASE("feeding a command that has ended is an error") {
  Rig rig;
  ChildSpec spec = rig.fake("");
  spec.argv = {"/bin/true"};
  spec.feed_input = true;
  rig.start(std::move(spec));
  REQUIRE(rig.finish());
  signal(SIGPIPE, SIG_IGN);
  CHECK(write(rig.child->input(), "x", 1) < 0);
  CHECK(errno == EPIPE);
}

TEST_CASE("a command whose owner is killed never sees the end of its input") {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  TempDir dir;
  const pid_t helper = in_helper([&] {
    EventLoop loop;
    ProcessFamily own;
    ChildSpec spec;
    spec.guard = bin("dray-guard");
    spec.label = "test-4";
    spec.directory = dir.path();
    spec.argv = {"/bin/sh", "-c", "read line; touch ready; cat; touch ended"};
    spec.feed_input = true;
    ChildHandlers handlers;
    std::unique_ptr<ChildProcess> child;
    handlers.on_started = [&] {
      put_file(dir / "command", std::to_string(child->command_pid()));
      (void)write_all(child->input(), "go\n", "input");
    };
    child = std::move(*ChildProcess::start(loop, own, std::move(spec), std::move(handlers)));
    (void)turn_until(loop, [] { return false; });
  });
  EventLoop loop;
  REQUIRE(
      turn_until(loop, [&] { return path_exists(dir / "ready") && pid_in(dir / "command") > 0; }));
  kill(helper, SIGKILL);
  waitpid(helper, nullptr, 0);
  const pid_t command = pid_in(dir / "command");
  CHECK(turn_until(loop, [&] { return is_gone(command); }));
  CHECK_FALSE(path_exists(dir / "ended"));
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

TEST_CASE("an owner that is stopped loses its command at the deadline") {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  TempDir dir;
  const pid_t helper = in_helper([&] {
    EventLoop loop;
    ProcessFamily own;
    const SystemClock clock;
    ChildSpec spec;
    put_file(dir / "script", "touch ready\nwait\n");
    spec.guard = bin("dray-guard");
    spec.label = "test-3";
    spec.directory = dir.path();
    spec.argv = {bin("fake-rclone"), "sync", "src:" + (dir / "script"), "dst:x"};
    spec.kill_at = clock.now().mono + seconds{1};
    ChildHandlers handlers;
    std::unique_ptr<ChildProcess> child;
    handlers.on_started = [&] {
      put_file(dir / "command", std::to_string(child->command_pid()));
      raise(SIGSTOP);
    };
    child = std::move(*ChildProcess::start(loop, own, std::move(spec), std::move(handlers)));
    (void)turn_until(loop, [] { return false; });
  });
  int status = 0;
  REQUIRE(waitpid(helper, &status, WUNTRACED) == helper);
  REQUIRE(WIFSTOPPED(status));
  EventLoop loop;
  const pid_t command = pid_in(dir / "command");
  REQUIRE(command > 0);
  CHECK(turn_until(loop, [&] { return is_gone(command); }));
  kill(helper, SIGKILL);
  waitpid(helper, nullptr, 0);
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

TEST_CASE("a guard that is killed takes its command along, and its owner sweeps the rest") {
  Rig rig;
  rig.start(rig.fake("on-term ignore\ngrandchild pid\ntouch ready\nwait\n"));
  REQUIRE(rig.appears("ready"));
  const pid_t command = rig.child->command_pid();
  const pid_t grandchild = pid_in(rig.dir / "pid");
  kill(rig.child->guard_pid(), SIGKILL);
  REQUIRE(rig.finish());
  REQUIRE(rig.exit);
  CHECK(rig.exit->guard_lost);
  CHECK(is_gone(command));
  CHECK(is_gone(grandchild));
}

// A loop that is woken for nothing must not wait for the end of a child: everything else would
// stand still for as long as it runs.
TEST_CASE("a command that starts as another one ends never stops the loop") {
  for (int i = 0; i < 20; ++i) {
    Rig rig;
    std::unique_ptr<ChildProcess> next;
    bool turned = false;
    ChildSpec first = rig.fake("line hello\nexit 0\n");
    first.capture_output = true;
    ChildHandlers handlers;
    handlers.on_gone = [&] {
      rig.start(rig.fake("wait\n"));
      rig.loop.post([&turned] { turned = true; });
    };
    auto made = ChildProcess::start(rig.loop, family(), std::move(first), std::move(handlers));
    REQUIRE(made);
    next = std::move(*made);
    REQUIRE(turn_until(rig.loop, [&] { return turned && rig.started; }));
    CHECK_FALSE(rig.gone);
  }
}

}  // namespace
}  // namespace dray::worker
