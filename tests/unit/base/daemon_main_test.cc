#include "daemon/base/daemon_main.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

struct Ended {
  int code = -1;       // exit code; -1 after a signal
  std::string output;  // standard output and error
};

// Runs daemon_main in a child: it changes the whole process.
Ended run_in_child(std::vector<std::string> arguments, std::function<Status(DaemonContext&)> run) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    arguments.insert(arguments.begin(), "drayd");
    std::vector<char*> argv;
    for (std::string& argument : arguments)
      argv.push_back(argument.data());
    const int code = daemon_main(static_cast<int>(argv.size()), argv.data(),
                                 {"drayd", "Schedules runs.", std::move(run)});
    std::fflush(stdout);
    _exit(code);
  }
  close(ends[1]);
  Ended ended;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    ended.output.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  return ended;
}

Status not_called(DaemonContext&) {
  return fail(ErrorCode::io, "run was called");
}

bool has(const Ended& ended, std::string_view text) {
  return ended.output.find(text) != std::string::npos;
}

TEST_CASE("help and version are printed without running") {
  const Ended help = run_in_child({"--help"}, not_called);
  CHECK(help.code == kExitOk);
  CHECK(has(help, "Usage: drayd"));
  CHECK(has(help, "--config FILE"));
  const Ended version = run_in_child({"--version"}, not_called);
  CHECK(version.code == kExitOk);
  CHECK(version.output == "drayd " DRAY_VERSION "\n");
}

TEST_CASE("a wrong command line is a usage error of one line") {
  const struct {
    std::vector<std::string> arguments;
    std::string_view message;
  } rows[] = {
      {{"--colour"}, "drayd: unknown option '--colour'; see --help\n"},
      {{"job"}, "drayd: unknown option 'job'; see --help\n"},
      {{"--config"}, "drayd: --config needs a value: FILE\n"},
      {{"--help=yes"}, "drayd: --help takes no value\n"},
  };
  for (const auto& row : rows) {
    const Ended ended = run_in_child(row.arguments, not_called);
    CHECK(ended.code == kExitUsage);
    CHECK(ended.output == row.message);
  }
}

TEST_CASE("a wrong configuration ends with the code that systemd does not restart on") {
  const TempDir dir;
  REQUIRE(write_file_atomic(dir / "c.toml", "[worker]\nslots = 0\nslot = 1\n"));
  const Ended ended = run_in_child({"--config", dir / "c.toml"}, not_called);
  CHECK(ended.code == kExitConfig);
  CHECK(has(ended, "c.toml:2: worker.slots must be 1 to 256, got 0"));
  CHECK(has(ended, "c.toml:3: unknown key"));
  CHECK(run_in_child({"--config", dir / "none.toml"}, not_called).code == kExitConfig);
  CHECK(run_in_child({"--set", "worker.slots=0"}, not_called).code == kExitConfig);
}

TEST_CASE("the error of run decides the exit code and is printed") {
  const Ended failed = run_in_child(
      {}, [](DaemonContext&) -> Status { return fail(ErrorCode::io, "the disk is gone"); });
  CHECK(failed.code == kExitFailed);
  CHECK(has(failed, "the disk is gone"));
  const Ended invalid = run_in_child(
      {}, [](DaemonContext&) -> Status { return fail(ErrorCode::invalid, "key file is empty"); });
  CHECK(invalid.code == kExitConfig);
}

TEST_CASE("the process leaves no core dump, ignores SIGPIPE and keeps its files to itself") {
  const Ended ended = run_in_child({}, [](DaemonContext&) -> Status {
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    const bool quiet = std::signal(SIGPIPE, SIG_IGN) == SIG_IGN;
#ifdef __SANITIZE_ADDRESS__
    const bool dumpable = false;  // left on, see harden_process
#else
    const bool dumpable = prctl(PR_GET_DUMPABLE) != 0;
#endif
    if (core.rlim_max != 0 || dumpable || !quiet || umask(0) != 077)
      return fail(ErrorCode::io, "not hardened");
    return {};
  });
  CHECK(ended.code == kExitOk);
}

TEST_CASE("the first signal begins the stop, the second ends the loop") {
  const Ended polite = run_in_child({}, [](DaemonContext& context) -> Status {
    context.begin_stop = [&context] {
      fmt::print("begin\n");
      context.loop.stop();
    };
    context.loop.post([] { raise(SIGTERM); });
    return context.serve();
  });
  CHECK(polite.code == kExitOk);
  CHECK(has(polite, "begin\n"));
  const Ended stubborn = run_in_child({}, [](DaemonContext& context) -> Status {
    context.begin_stop = [] { raise(SIGINT); };
    context.loop.post([] { raise(SIGTERM); });
    return context.serve();
  });
  CHECK(stubborn.code == kExitOk);
}

TEST_CASE("a failure while serving ends the daemon with it") {
  const Ended ended = run_in_child({}, [](DaemonContext& context) -> Status {
    context.loop.post([&context] { context.fail_with({ErrorCode::corrupt, "database damaged"}); });
    return context.serve();
  });
  CHECK(ended.code == kExitFailed);
  CHECK(has(ended, "database damaged"));
}

TEST_CASE("SIGHUP applies what can change, says what cannot and survives a broken file") {
  const TempDir dir;
  const std::string path = dir / "c.toml";
  REQUIRE(write_file_atomic(path, "[worker]\nslots = 1\n"));
  const Ended ended = run_in_child({"--config", path}, [&](DaemonContext& context) -> Status {
    int turn = 0;
    const auto rewrite = [&](std::string_view text) {
      (void)write_file_atomic(path, text);
      raise(SIGHUP);
    };
    context.on_reload = [&](const ConfigDiff& diff) {
      fmt::print("reload {} {}\n", diff.applied.size(), diff.needs_restart.size());
      if (++turn == 1) return rewrite("[worker]\nslots = 0\n");
      context.loop.stop();
    };
    // The refused file calls nobody; the log line that says so is the moment to correct it.
    init_log("drayd", {.format = LogFormat::human, .sink = [&](std::string_view log_line) {
                         fmt::print("{}", log_line);
                         if (log_line.find("stays as it is") != std::string_view::npos)
                           context.loop.post([&] { rewrite("[worker]\nslots = 1\n"); });
                       }});
    context.loop.post(
        [&] { rewrite("[worker]\nslots = 3\nstop_grace = \"20s\"\n[log]\nlevel = \"debug\"\n"); });
    return context.serve();
  });
  CHECK(ended.code == kExitOk);
  CHECK(has(ended, "reload 2 1\n"));
  CHECK(has(ended, "changed, but need a restart: worker.slots"));
  CHECK(has(ended, "worker.slots must be 1 to 256, got 0"));
  CHECK(has(ended, "the running configuration stays as it is"));
}

}  // namespace
}  // namespace dray
